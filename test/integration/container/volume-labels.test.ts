import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { VolumeLabels } from '../../../src/container/volume-labels.ts';
import { fileLabel } from '../../../src/host/selinux.ts';

const LABEL = 'system_u:object_r:container_file_t:s0:c1,c2';

let base: string;
beforeEach(() => {
  base = mkdtempSync('/var/tmp/crisol-volumes-');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('VolumeLabels', () => {
  let volumes: VolumeLabels;
  beforeEach(() => {
    volumes = new VolumeLabels();
  });
  afterEach(() => volumes.close());

  it('labels many volumes at a time, and one for two containers', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `v${index}`);
    for (const name of names) mkdirSync(join(base, name, 'inside'), { recursive: true });

    await Promise.all([...names, ...names].map((name) => volumes.relabel(join(base, name), LABEL)));

    expect(names.map((name) => fileLabel(join(base, name, 'inside')))).toEqual(names.map(() => LABEL));
  });

  it.each(['/', '/etc', '/usr', '/home', '/root', '/var/lib', '/usr/lib'])('refuses %s', async (place) => {
    const before = existsSync(place) ? fileLabel(place) : undefined;

    await expect(volumes.relabel(place, LABEL)).rejects.toThrow(`"${place}" belongs to the system`);
    if (existsSync(place)) expect(fileLabel(place)).toBe(before);
  });

  it('tells why a volume cannot be labelled, and goes on', async () => {
    await expect(volumes.relabel(join(base, 'absent'), LABEL)).rejects.toMatchObject({ code: 'failed-precondition' });
    mkdirSync(join(base, 'volume'));
    await volumes.relabel(join(base, 'volume'), LABEL);
    expect(fileLabel(join(base, 'volume'))).toBe(LABEL);
  });
});
