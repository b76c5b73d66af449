import { describe, expect, it } from '@jest/globals';
import { toMount } from '../../../../src/image/snapshot/overlay-mount.ts';

const view = { lower: ['/l/top', '/l/base'], target: '/run/c1' };

describe('toMount()', () => {
  it('puts a label in quotes, as the kernel takes a comma outside of them for the next option', () => {
    const { options } = toMount({ ...view, label: 'system_u:object_r:container_file_t:s0:c1,c2' });

    expect(options).toContain('context="system_u:object_r:container_file_t:s0:c1,c2"');
    expect(options.join(',')).toMatch(/,context="[^"]*",lowerdir=\/l\/top:\/l\/base$/);
  });

  it('asks for none without a label', () => {
    const { options } = toMount({ ...view, writable: { upper: '/u', work: '/w' } });

    expect(options.join(',')).toMatch(/lowerdir=\/l\/top:\/l\/base,upperdir=\/u,workdir=\/w$/);
    expect(options.join(',')).not.toContain('context');
  });
});
