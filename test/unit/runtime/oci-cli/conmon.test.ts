import { describe, expect, it } from '@jest/globals';
import type { Spec } from '../../../../src/oci/types.ts';
import type { CreateRequest } from '../../../../src/runtime/driver.ts';
import { conmonArgs } from '../../../../src/runtime/oci-cli/conmon.ts';
import { DEFAULT_TIMEOUTS, type OciRuntime } from '../../../../src/runtime/oci-cli/options.ts';

const runtime: OciRuntime = {
  handler: 'runc',
  path: '/bin/runc',
  args: ['--debug'],
  root: '/state',
  systemdCgroup: true,
  env: {},
  timeouts: DEFAULT_TIMEOUTS,
};
const options = { conmonPath: '/bin/conmon', exitDir: '/exits', socketDir: '/s' };

function request(more: Partial<CreateRequest>, terminal = false): CreateRequest {
  const spec = { process: { terminal } } as Spec;
  return { id: 'c1', bundle: '/b', spec, logPath: '/log/0.log', stdin: false, stdinOnce: false, ...more };
}

describe('conmonArgs()', () => {
  it('names every place and passes the global flags on to the runtime', () => {
    const line = conmonArgs(options, runtime, request({})).join(' ');

    expect(line).toContain('--bundle /b --cid c1 --cuuid c1');
    expect(line).toContain('--exit-dir /exits --persist-dir /b --socket-dir-path /s');
    expect(line).toContain('--log-path k8s-file:/log/0.log');
    expect(line).toContain('--runtime /bin/runc --runtime-arg --debug --runtime-arg --root=/state');
    expect(line).toContain('--systemd-cgroup');
  });

  it.each([
    { why: 'no log', args: request({ logPath: undefined }), has: ['none'], lacks: ['k8s-file:'] },
    { why: 'a terminal', args: request({}, true), has: ['--terminal'], lacks: ['--stdin'] },
    { why: 'input that stays', args: request({ stdin: true }), has: ['--stdin', '--leave-stdin-open'], lacks: [] },
    {
      why: 'input once',
      args: request({ stdin: true, stdinOnce: true }),
      has: ['--stdin'],
      lacks: ['--leave-stdin-open', '--terminal'],
    },
  ])('translates $why', ({ args, has, lacks }) => {
    const words = conmonArgs(options, runtime, args);

    expect(words).toEqual(expect.arrayContaining(has));
    lacks.forEach((word) => expect(words).not.toContain(word));
  });
});
