import { describe, expect, it } from '@jest/globals';
import { closeSync, openSync } from 'node:fs';
import { runCommand } from '../../../src/host/run-command.ts';

describe('runCommand()', () => {
  it('passes standard input and directory, and keeps both outputs and the exit code', async () => {
    const result = await runCommand({
      file: '/bin/sh',
      args: ['-c', 'cat; pwd >&2; exit 3'],
      stdin: 'hi',
      cwd: '/usr',
    });

    expect(result).toMatchObject({ exitCode: 3, signal: undefined, stopped: undefined });
    expect(result.stdout.toString()).toBe('hi');
    expect(result.stderr.toString()).toBe('/usr\n');
  });

  it('joins the right ends however many descriptors are open', async () => {
    const held: number[] = [];
    try {
      for (let fd = 0; fd < 240; held.push(fd)) {
        fd = openSync('/dev/null', 'r');
        if (fd < 190) continue;
        const result = await runCommand({ file: '/bin/sh', args: ['-c', 'cat; echo no >&2'], stdin: 'yes' });
        expect([fd, result.stdout.toString(), result.stderr.toString()]).toEqual([fd, 'yes', 'no\n']);
      }
    } finally {
      held.forEach((fd) => closeSync(fd));
    }
  });

  it('keeps the first bytes of an output that is too long', async () => {
    const result = await runCommand({ file: '/usr/bin/seq', args: ['1', '100000'], maxOutputBytes: 8 });

    expect(result.exitCode).toBe(0);
    expect(result.stdout.toString()).toBe('1\n2\n3\n4\n');
  });

  it('does not wait for a background child that holds the pipe', async () => {
    const result = await runCommand({ file: '/bin/sh', args: ['-c', 'sleep 300 & echo $!'], timeoutMs: 60_000 });
    process.kill(Number(result.stdout.toString()));

    expect(result).toMatchObject({ exitCode: 0, stopped: undefined });
  });

  it('kills at the time limit and says so', async () => {
    const result = await runCommand({ file: '/bin/sleep', args: ['300'], timeoutMs: 20 });

    expect(result).toMatchObject({ exitCode: undefined, signal: 9, stopped: 'timeout' });
  });

  it('names the program that cannot be started', async () => {
    await expect(runCommand({ file: '/nonexistent/runc', args: [] })).rejects.toThrow(
      'posix_spawn "/nonexistent/runc": ENOENT',
    );
  });
});
