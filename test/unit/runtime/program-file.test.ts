import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DaemonError } from '../../../src/errors.ts';
import { checkProgramFile, parseProgram } from '../../../src/runtime/program-file.ts';

let dir = '';
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), 'program-'))));
afterAll(() => rmSync(dir, { recursive: true }));

// Node itself is a program of this host, dynamically linked.
const own = readFileSync(process.execPath).subarray(0, 65_536);

/** The head of node with some bytes replaced. */
function patched(at: number, bytes: Buffer): Buffer {
  const head = Buffer.from(own);
  bytes.copy(head, at);
  return head;
}

function refusal(content: Buffer | string): { readonly reason: string; readonly cure: string | undefined } {
  const path = join(dir, 'program');
  writeFileSync(path, content);
  chmodSync(path, 0o755);
  try {
    checkProgramFile(path);
  } catch (error) {
    if (error instanceof DaemonError) return error;
    throw error;
  }
  return { reason: '', cure: undefined };
}

describe('parseProgram()', () => {
  it('reads machine and interpreter of a real program', () => {
    expect(parseProgram(own)).toMatchObject({ kind: 'elf', interpreter: expect.stringContaining('/ld-linux') });
  });

  it('reads machine and interpreter of a 32-bit big-endian program', () => {
    const head = Buffer.alloc(256);
    head.set([0x7f, 0x45, 0x4c, 0x46, 1, 2, 1]);
    head.writeUInt16BE(0x28, 18);
    head.writeUInt32BE(64, 28);
    head.writeUInt16BE(32, 42);
    head.writeUInt16BE(1, 44);
    head.writeUInt32BE(3, 64);
    head.writeUInt32BE(128, 68);
    head.writeUInt32BE(6, 80);
    head.write('/ld.1\0', 128);
    expect(parseProgram(head)).toEqual({ kind: 'elf', machine: 'arm', interpreter: '/ld.1' });
  });

  it.each([
    { what: 'a script', head: '#!/bin/sh\nexit', expected: { kind: 'script', interpreter: '/bin/sh' } },
    { what: 'env', head: '#! /usr/bin/env  bash -e\n', expected: { kind: 'script', interpreter: '/usr/bin/env' } },
    { what: 'text', head: 'exec runc', expected: { kind: 'other' } },
    { what: 'nothing', head: '', expected: { kind: 'other' } },
    { what: 'half an ELF header', head: '\x7fELF\x02\x01', expected: { kind: 'other' } },
    {
      what: 'a header table beyond the end',
      head: Buffer.concat([own.subarray(0, 32), Buffer.alloc(96, 0xff)]),
      expected: { kind: 'elf', interpreter: undefined },
    },
  ])('takes $what for what it is', ({ head, expected }) => {
    expect(parseProgram(Buffer.from(head))).toMatchObject(expected);
  });
});

describe('checkProgramFile()', () => {
  it('takes a program of this host', () => {
    expect(() => checkProgramFile(process.execPath)).not.toThrow();
  });

  it('takes a script whose interpreter is there', () => {
    expect(refusal('#!/bin/sh\n').reason).toBe('');
  });

  it.each([
    {
      what: 'another architecture',
      content: patched(18, Buffer.from([0x16, 0])),
      reason: /is built for s390x, and this host is (amd64|arm64)$/,
      cure: /install the build for (amd64|arm64)/,
    },
    { what: 'no program', content: 'hello', reason: /neither an ELF program nor a script/, cure: /#!/ },
    {
      what: 'a script without its interpreter',
      content: '#!/no/such/shell -x\n',
      reason: /needs "\/no\/such\/shell", which does not exist/,
      cure: /first line/,
    },
  ])('refuses $what, with the cure', ({ content, reason, cure }) => {
    const error = refusal(content);
    expect(error.reason).toMatch(reason);
    expect(error.cure).toMatch(cure);
  });

  it('refuses a program whose loader is missing', () => {
    const { interpreter = '' } = parseProgram(own) as { interpreter?: string };
    const at = own.indexOf(interpreter);
    expect(refusal(patched(at, Buffer.from('/nix')))).toMatchObject({
      reason: expect.stringMatching(/needs "\/nix.*", which does not exist/),
      cure: expect.stringContaining('static build'),
    });
  });
});
