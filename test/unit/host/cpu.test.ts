import { describe, expect, it } from '@jest/globals';
import { cpuVariant } from '../../../src/host/cpu.ts';

const V2 = 'cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3';
const V3 = `${V2} avx avx2 bmi1 bmi2 f16c fma abm movbe xsave`;
const V4 = `${V3} avx512f avx512bw avx512cd avx512dq avx512vl`;

describe('cpuVariant()', () => {
  it.each([
    { architecture: 'amd64', text: 'flags\t\t: fpu vme', variant: 'v1' },
    { architecture: 'amd64', text: `flags\t\t: fpu ${V2}`, variant: 'v2' },
    { architecture: 'amd64', text: `model name\t: x\nflags\t\t: ${V3}\nbugs\t\t:`, variant: 'v3' },
    { architecture: 'amd64', text: `flags\t\t: ${V3.replace(' fma', '')}`, variant: 'v2' },
    { architecture: 'amd64', text: `flags\t\t: ${V4}`, variant: 'v4' },
    { architecture: 'amd64', text: '', variant: 'v1' },
    { architecture: 'arm', text: 'CPU architecture: 7\n', variant: 'v7' },
    { architecture: 'arm', text: 'CPU architecture: 6TEJ\n', variant: 'v6' },
    { architecture: 'arm64', text: 'CPU architecture: 8', variant: 'v8' },
    { architecture: 'riscv64', text: '', variant: undefined },
  ])('reads $variant of $architecture from "$text"', ({ architecture, text, variant }) => {
    expect(cpuVariant(architecture, text)).toBe(variant);
  });
});
