import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isSelinuxLabelKnown, selinuxEnabled, selinuxPolicy, type SelinuxPlaces } from '../../../src/host/selinux.ts';

let dir: string;
let places: SelinuxPlaces;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'crisol-selinux-'));
  places = {
    fs: join(dir, 'fs'),
    self: join(dir, 'current'),
    config: join(dir, 'etc/config'),
    policies: join(dir, 'etc'),
    contexts: join(dir, 'share/contexts'),
  };
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const WELL_KNOWN = {
  process: 'system_u:system_r:container_t:s0',
  vmProcess: 'system_u:system_r:container_kvm_t:s0',
  file: 'system_u:object_r:container_file_t:s0',
};

describe('selinuxEnabled()', () => {
  it('asks for a mounted selinuxfs, and for a policy', () => {
    expect(selinuxEnabled(places)).toBe(false);
    write(join(places.fs, 'enforce'), '0');
    expect(selinuxEnabled(places)).toBe(true);
    write(places.self, 'kernel\0');
    expect(selinuxEnabled(places)).toBe(false);
    write(places.self, 'system_u:system_r:container_runtime_t:s0\0');
    expect(selinuxEnabled(places)).toBe(true);
  });
});

describe('selinuxPolicy()', () => {
  it('is the well-known one without any files', () => {
    expect(selinuxPolicy(places)).toEqual(WELL_KNOWN);
  });

  it('reads lxc_contexts of the type of policy that is configured', () => {
    write(places.config, '# SELINUXTYPE=other\nSELINUX=enforcing\n SELINUXTYPE = mls \n');
    write(
      join(places.policies, 'mls/contexts/lxc_contexts'),
      '; comment\nprocess = "u:r:svirt_t:s0"\n\nfile="u:object_r:svirt_file_t:s0"\n#file = "u:r:no_t:s0"\n',
    );

    expect(selinuxPolicy(places)).toEqual({
      process: 'u:r:svirt_t:s0',
      vmProcess: 'u:r:svirt_t:s0',
      file: 'u:object_r:svirt_file_t:s0',
    });
  });

  it('prefers what is installed for all runtimes', () => {
    write(join(places.policies, 'targeted/contexts/lxc_contexts'), 'process = "u:r:old_t:s0"\n');
    write(places.contexts, 'process = "u:r:new_t:s0-s0:c0.c1023"\nkvm_process = u:r:vm_t:s0\nro_file = "x"\n');

    expect(selinuxPolicy(places)).toEqual({
      process: 'u:r:new_t:s0-s0:c0.c1023',
      vmProcess: 'u:r:vm_t:s0',
      file: WELL_KNOWN.file,
    });
  });

  it.each([
    { value: '' },
    { value: 'container_t' },
    { value: 'u:r:t:s0",x' },
    { value: 'u:r:t t:s0' },
    { value: '::t' },
  ])('does not take $value for a label', ({ value }) => {
    write(places.contexts, `process = ${value}\nkvm_process = ${value}\nfile = ${value}\n`);

    expect(selinuxPolicy(places)).toEqual(WELL_KNOWN);
  });
});

describe('isSelinuxLabelKnown()', () => {
  it('shows the label to the kernel, and does not know where there is none', () => {
    expect(isSelinuxLabelKnown('u:r:t:s0', places)).toBeUndefined();
    write(join(places.fs, 'context'), '');
    expect(isSelinuxLabelKnown('u:r:t:s0', places)).toBe(true);
    expect(readFileSync(join(places.fs, 'context'), 'utf8')).toBe('u:r:t:s0');
  });
});
