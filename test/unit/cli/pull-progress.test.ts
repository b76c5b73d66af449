import { describe, expect, it } from '@jest/globals';
import { humanSize } from '../../../src/cli/human-size.ts';
import { bar, progressView } from '../../../src/cli/pull-progress.ts';
import type { LayerProgress } from '../../../src/gen/crisol/v1/LayerProgress.ts';

function layer(name: string, state: LayerProgress['state'], doneBytes = 0, totalBytes = 1000): LayerProgress {
  return { digest: `sha256:${name.repeat(64)}`, state, doneBytes: String(doneBytes), totalBytes: String(totalBytes) };
}

describe('humanSize()', () => {
  it.each([
    { bytes: 0, text: '0B' },
    { bytes: 999, text: '999B' },
    { bytes: 1000, text: '1.00KB' },
    { bytes: 45_649_000, text: '45.6MB' },
    { bytes: 999_999, text: '1.00MB' },
    { bytes: 123_000_000_000, text: '123GB' },
  ])('shows $bytes as $text', ({ bytes, text }) => {
    expect(humanSize(bytes)).toBe(text);
  });
});

describe('bar()', () => {
  it('fills with the share that is done', () => {
    expect(bar(layer('a', 'DOWNLOADING', 500), 60)).toBe('aaaaaaaaaaaa pulling [##########..........]   500B / 1.00KB');
  });

  it.each([20, 30, 45, 80, 200])('fits into %d columns', (columns) => {
    expect(bar(layer('a', 'DOWNLOADING', 500), columns).length).toBeLessThanOrEqual(columns);
  });
});

describe('progressView()', () => {
  it('writes one line per finished layer when there is no terminal', () => {
    let text = '';
    const view = progressView({ out: (part) => (text += part), err: () => undefined, terminal: undefined });

    view.show([layer('a', 'EXISTS'), layer('b', 'DOWNLOADING', 10)]);
    view.show([layer('a', 'EXISTS'), layer('b', 'DONE', 1000)]);
    view.show([layer('a', 'EXISTS'), layer('b', 'DONE', 1000)]);

    expect(text).toBe('aaaaaaaaaaaa exists 1.00KB\nbbbbbbbbbbbb done 1.00KB\n');
  });

  it('redraws its lines on a terminal, and never more than fit', () => {
    let text = '';
    const terminal = { columns: 80, rows: 4 };
    const view = progressView({ out: (part) => (text += part), err: () => undefined, terminal });

    view.show([layer('a', 'DOWNLOADING'), layer('b', 'WAITING')]);
    text = '';
    view.show([layer('a', 'DONE'), layer('b', 'DONE'), layer('c', 'DOWNLOADING')]);

    expect(text.startsWith('\u001b[2A')).toBe(true);
    expect(text).toContain('cccccccccccc');
    expect(text.match(/\n/g)).toHaveLength(1);
  });
});
