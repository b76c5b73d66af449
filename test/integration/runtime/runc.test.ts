import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../../../src/async/timeout.ts';
import { boundingCapabilities, commandLine, listPids } from '../../../src/host/procfs.ts';
import { describeRuntimeDriver } from './describe-runtime-driver.ts';
import { Lab } from './lab.ts';

const RUNC = '/usr/sbin/runc';
const CAP_SYS_RESOURCE = 24n;

describeRuntimeDriver('runc', RUNC);
describeRuntimeDriver('runc of today', join(process.cwd(), '.lab/bin/runc-current'));

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

  /** A driver over runc whose calls with `verb` hang. */
  function hangingAt(verb: string) {
    const path = join(lab.dir, `hangs-at-${verb}`);
    writeFileSync(path, `#!/bin/sh\ncase "$*" in *" ${verb} "*) sleep 4714;; esac\nexec runc "$@"\n`, { mode: 0o755 });
    return lab.driver(path, undefined, { createMs: 500, startMs: 500, controlMs: 500, deleteMs: 500 });
  }

  async function expectNothingLeft(): Promise<void> {
    await sleep(100);
    expect(listPids().filter((pid) => commandLine(pid).includes('4714'))).toEqual([]);
    expect(lab.leftovers()).toEqual([]);
  }

  it('create() that hangs ends at its time limit and leaves nothing', async () => {
    const creating = hangingAt('create').create(lab.request('true'));

    await expect(creating).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await expect(creating).rejects.toThrow(/create of container ".*": no answer within 500 ms/);
    await expectNothingLeft();
  });

  it.each([{ verb: 'start' }, { verb: 'state' }])('$verb() that hangs ends at its time limit', async ({ verb }) => {
    const driver = hangingAt(verb);
    const request = lab.request('true');
    await driver.create(request);

    const call = verb === 'start' ? driver.start(request) : driver.state(request);

    await expect(call).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await expect(call).rejects.toThrow(new RegExp(`${verb} of container ".*" took longer than 500 ms`));
    await driver.delete(request);
    await expectNothingLeft();
  });

  it('execSync() whose runtime hangs ends at its time limit', async () => {
    const driver = hangingAt('exec');
    const request = lab.request('exec sleep 300');
    await driver.create(request);
    await driver.start(request);
    const options = { command: ['true'], timeoutMs: 500, signal: new AbortController().signal, maxOutputBytes: 1 };

    await expect(driver.execSync(request, request.spec.process, options)).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });

    await driver.delete(request);
    await expectNothingLeft();
  });
});
