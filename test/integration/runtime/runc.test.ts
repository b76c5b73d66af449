import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { boundingCapabilities } from '../../../src/host/procfs.ts';
import { describeRuntimeDriver } from './describe-runtime-driver.ts';
import { Lab } from './lab.ts';

const RUNC = '/usr/sbin/runc';
const CAP_SYS_RESOURCE = 24n;

describeRuntimeDriver('runc', RUNC);

describe('OciCliDriver on runc', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = new Lab();
  });
  afterAll(() => lab.close());

  it('create() gives the first error and its cure where the OOM score may not be lowered', async () => {
    const driver = lab.driver(RUNC);
    const request = lab.request('true', { oomScoreAdj: -998 });
    const creating = driver.create(request);

    if ((boundingCapabilities() >> CAP_SYS_RESOURCE) % 2n === 1n) {
      expect(await creating).toHaveProperty('init');
      await driver.delete(request);
    } else {
      await expect(creating).rejects.toThrow(/oom_score_adj: Permission denied.*\(this host forbids/);
    }
    expect(lab.leftovers()).toEqual([]);
  });
});
