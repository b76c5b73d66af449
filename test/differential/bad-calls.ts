// Calls that must fail, or that must succeed although there is nothing to do: how crictl ends, and with which gRPC code.
import type { Recorder } from './answers.ts';
import { BUSYBOX, type Config } from './configs.ts';
import type { Lives } from './scenario.ts';

const NOBODY = 'f'.repeat(64);
const UNKNOWN_IMAGE = 'registry.k8s.io/e2e-test-images/no-such-image:1';

type Call = readonly [name: string, args: readonly string[]];

export async function badCalls(recorder: Recorder, lives: Lives): Promise<void> {
  const calls = [
    ...unknownIds(lives),
    ...wrongStates(lives),
    ...badImages(),
    ...badPods(lives),
    ...badContainers(lives),
  ];
  for (const [name, args] of calls) await recorder.codes(`bad: ${name}`, args);
}

function unknownIds({ configs }: Lives): readonly Call[] {
  const container = configs.container('nowhere');
  return [
    ['inspect, unknown', ['inspect', NOBODY]],
    ['inspectp, unknown', ['inspectp', NOBODY]],
    ['inspecti, unknown', ['inspecti', UNKNOWN_IMAGE]],
    ['start, unknown', ['start', NOBODY]],
    ['stop, unknown', ['stop', NOBODY]],
    ['rm, unknown', ['rm', NOBODY]],
    ['stopp, unknown', ['stopp', NOBODY]],
    ['rmp, unknown', ['rmp', NOBODY]],
    ['rmi, unknown', ['rmi', UNKNOWN_IMAGE]],
    ['exec -s, unknown', ['exec', '-s', NOBODY, 'true']],
    ['exec, unknown', ['exec', NOBODY, 'true']],
    ['attach, unknown', ['attach', NOBODY]],
    ['port-forward, unknown', ['port-forward', NOBODY, '18098:80']],
    ['logs, unknown', ['logs', NOBODY]],
    ['stats, unknown', ['stats', '-o', 'json', '--id', NOBODY]],
    ['statsp, unknown', ['statsp', '-o', 'json', '--id', NOBODY]],
    ['update, unknown', ['update', '--cpu-share', '100', NOBODY]],
    ['checkpoint, unknown', ['checkpoint', '--export', '/nowhere/x.tar', NOBODY]],
    ['create, unknown pod', ['create', NOBODY, container, configs.pod('nowhere')]],
  ];
}

function wrongStates({ configs, pod, stoppedPod, running, created, exited }: Lives): readonly Call[] {
  return [
    ['start, running', ['start', running]],
    ['start, exited', ['start', exited]],
    ['stop, exited', ['stop', exited]],
    ['stop, created', ['stop', created]],
    ['start, created and then stopped', ['start', created]],
    ['exec -s, exited', ['exec', '-s', exited, 'true']],
    ['exec, exited', ['exec', exited, 'true']],
    ['attach, exited', ['attach', exited]],
    ['update, exited', ['update', '--cpu-share', '100', exited]],
    ['exec -s, no such program', ['exec', '-s', running, '/no/such/program']],
    ['exec, no such program', ['exec', running, '/no/such/program']],
    ['exec -s, takes too long', ['exec', '-s', '--timeout', '1', running, 'sleep', '20']],
    ['exec -s, in a directory that is a file', ['exec', '-s', running, '/etc/passwd']],
    ['port-forward, stopped pod', ['port-forward', stoppedPod, '18098:80']],
    ['create, stopped pod', ['create', stoppedPod, configs.container('late'), configs.pathOf('host')]],
    ['stopp, stopped pod', ['stopp', stoppedPod]],
    ['rmp, ready pod without --force', ['rmp', pod]],
    ['attach -t, container without a terminal', ['attach', '-t', '-i', running]],
    ['update, less memory than is used', ['update', '--memory', '4096', running]],
  ];
}

function badImages(): readonly Call[] {
  return [
    ['pull, unknown', ['pull', UNKNOWN_IMAGE]],
    ['pull, unknown tag', ['pull', BUSYBOX.replace('1.29-2', 'nosuchtag')]],
    ['pull, unknown digest', ['pull', `${BUSYBOX.split(':')[0]}@sha256:${'0'.repeat(64)}`]],
    ['pull, not a name', ['pull', 'Not A Name']],
    ['pull, nobody listens', ['pull', '127.0.0.1:1/nobody/listens:1']],
    ['pull, wrong registry', ['pull', '127.0.0.1:5000/no/such/thing:1']],
    ['rmi, not a name', ['rmi', 'Not A Name']],
    ['inspecti, not a name', ['inspecti', 'Not A Name']],
  ];
}

function badPods({ configs }: Lives): readonly Call[] {
  const run = (name: string, more: Config, flags: readonly string[] = []): Call => [
    `runp, ${name}`,
    ['runp', ...flags, configs.pod(`bad ${name}`, more)],
  ];
  return [
    run('unknown handler', {}, ['--runtime', 'nosuchhandler']),
    run('no metadata', { metadata: undefined }),
    run('unknown sysctl', { linux: { sysctls: { 'no.such.sysctl': '1' } } }),
    run('sysctl of the host', { linux: { sysctls: { 'vm.swappiness': '1' } } }),
    run('group without user', { linux: { security_context: { run_as_group: { value: 1 } } } }),
    run('seccomp profile that is missing', {
      linux: { security_context: { seccomp: { profile_type: 2, localhost_ref: '/no/such/profile.json' } } },
    }),
    ['runp, the name of a pod that runs', ['runp', configs.pathOf('plain')]],
  ];
}

function badContainers({ configs, pod }: Lives): readonly Call[] {
  const create = (name: string, more: Config): Call => [
    `create, ${name}`,
    ['create', pod, configs.container(`bad ${name}`, more), configs.pathOf('plain')],
  ];
  const security = (name: string, security_context: object) => create(name, { linux: { security_context } });
  return [
    create('program that is missing', { command: ['/no/such/program'] }),
    create('no metadata', { metadata: undefined }),
    create('no image', { image: undefined }),
    create('image that is not here', { image: { image: UNKNOWN_IMAGE } }),
    create('host path that is missing', { mounts: [{ container_path: '/x', host_path: '/no/such/path' }] }),
    create('mount without a target', { mounts: [{ container_path: '', host_path: '/tmp' }] }),
    create('device that is missing', {
      devices: [{ container_path: '/dev/x', host_path: '/dev/nosuch', permissions: 'r' }],
    }),
    create('device with unknown permissions', {
      devices: [{ container_path: '/dev/x', host_path: '/dev/null', permissions: 'q' }],
    }),
    create('log path that leaves its directory', { log_path: '../../escaped.log' }),
    security('privileged in a pod that is not', { privileged: true }),
    security('unknown user', { run_as_username: 'nosuchuser' }),
    security('group without user', { run_as_group: { value: 1 } }),
    security('unknown capability', { capabilities: { add_capabilities: ['NO_SUCH_CAP'] } }),
    security('seccomp profile that is missing', {
      seccomp: { profile_type: 2, localhost_ref: '/no/such/profile.json' },
    }),
    security('AppArmor profile that is missing', { apparmor: { profile_type: 2, localhost_ref: 'no-such-profile' } }),
    security('namespace of a container that is missing', { namespace_options: { pid: 3, target_id: NOBODY } }),
    create('the name of a container that runs', { metadata: { name: 'main', attempt: 2 } }),
  ];
}
