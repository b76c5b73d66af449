import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runCommand } from '../../../src/host/run-command.ts';
import { pauseProgram, writePauseRootfs } from '../../../src/sandbox/pause-program.ts';

describe('pauseProgram()', () => {
  it('runs on this machine and sleeps until it is killed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pause-'));
    writeFileSync(join(directory, 'pause'), pauseProgram(process.arch), { mode: 0o755 });

    const result = await runCommand({ file: join(directory, 'pause'), args: [], timeoutMs: 100 });
    rmSync(directory, { recursive: true });

    expect(result).toMatchObject({ stopped: 'timeout', signal: 9 });
  });

  it.each(['x64', 'arm64'])('is a small ELF with an aligned action for %s', (architecture) => {
    const program = pauseProgram(architecture);

    expect(program.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(program.length).toBeLessThan(256);
    expect((program.length - 32) % 8).toBe(0);
  });

  it('names the setting to use where there is no program', () => {
    expect(() => pauseProgram('riscv64')).toThrow('cri.pause_image');
  });
});

describe('writePauseRootfs()', () => {
  it("replaces another version's program, and leaves its own alone", () => {
    const directory = mkdtempSync(join(tmpdir(), 'pause-'));
    const path = join(directory, 'pause');
    writeFileSync(path, 'of an older version');

    writePauseRootfs(directory);
    const first = statSync(path);
    writePauseRootfs(directory);
    const second = statSync(path);
    const program = readFileSync(path);
    rmSync(directory, { recursive: true });

    expect(program).toEqual(pauseProgram(process.arch));
    expect(first.mode & 0o777).toBe(0o755);
    expect(second.ino).toBe(first.ino);
  });
});
