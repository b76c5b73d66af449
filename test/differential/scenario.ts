// The lives of a few pods, with what crictl tells of them at each turn.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Recorder } from './answers.ts';
import { BUSYBOX, Configs, type Config } from './configs.ts';
import { crictl, idOf } from './crictl.ts';

const TAGS = `gcr.io/k8s-staging-cri-tools/test-image-tags`;
const USERS = ['uid', 'username-group'].map((suffix) => `gcr.io/k8s-staging-cri-tools/test-image-user-${suffix}`);
const SETTLE_MS = 100;

/** The ids that bad calls are made with. */
export interface Lives {
  readonly configs: Configs;
  readonly pod: string;
  readonly stoppedPod: string;
  readonly running: string;
  readonly created: string;
  readonly exited: string;
}

export class Scenario {
  readonly #recorder: Recorder;
  readonly #configs: Configs;
  readonly #directory: string;

  constructor(recorder: Recorder, directory: string, cgroupParent: string) {
    this.#recorder = recorder;
    this.#directory = directory;
    this.#configs = new Configs(directory, cgroupParent);
  }

  async images(): Promise<void> {
    const { text, json } = bind(this.#recorder);
    await json('images, none', ['images', '-o', 'json'], withoutPause);
    await text('pull', ['pull', BUSYBOX]);
    await text('pull, again', ['pull', BUSYBOX]);
    for (const tag of ['1', '2', '3']) await text(`pull, tag ${tag}`, ['pull', `${TAGS}:${tag}`]);
    for (const image of USERS) await text(`pull ${image}`, ['pull', image]);
    await json('images', ['images', '-o', 'json'], withoutPause);
    await json('images, one repository', ['images', '-o', 'json', TAGS], withoutPause);
    await json('inspecti', ['inspecti', '-o', 'json', BUSYBOX]);
    await json('inspecti, several tags', ['inspecti', '-o', 'json', `${TAGS}:2`]);
    for (const image of USERS) await json(`inspecti ${image}`, ['inspecti', '-o', 'json', image]);
    await json('imagefsinfo', ['imagefsinfo', '-o', 'json']);
    await text('rmi, one of several tags', ['rmi', `${TAGS}:1`]);
    await json('images, after rmi of one tag', ['images', '-o', 'json'], withoutPause);
  }

  async run(): Promise<Lives> {
    const pod = await this.#pod('plain', {
      port_mappings: [{ protocol: 0, container_port: 80, host_port: 18_099 }],
      linux: { sysctls: { 'net.core.somaxconn': '99' } },
    });
    await this.#more('plain', pod);
    const volume = join(this.#directory, 'volume');
    mkdirSync(volume);
    writeFileSync(join(volume, 'file'), 'text');
    const running = await this.#container('plain', pod, 'main', {
      envs: [{ key: 'GREETING', value: 'hello' }],
      working_dir: '/tmp',
      mounts: [
        { container_path: '/data', host_path: volume },
        { container_path: '/data-ro', host_path: volume, readonly: true },
      ],
      linux: {
        resources: {
          memory_limit_in_bytes: 64 << 20,
          cpu_shares: 512,
          cpu_quota: 50_000,
          cpu_period: 100_000,
          oom_score_adj: 900,
        },
        security_context: { run_as_user: { value: 1234 }, supplemental_groups: [4321], no_new_privs: true },
      },
    });
    const exited = await this.#container('plain', pod, 'exits', {
      command: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
    });
    await this.#container('plain', pod, 'eater', {
      command: ['tail', '/dev/zero'],
      linux: { resources: { memory_limit_in_bytes: 24 << 20 } },
    });
    const created = await this.#container('plain', pod, 'waits', {}, false);
    await this.#container('plain', pod, 'capable', {
      linux: {
        security_context: {
          capabilities: { add_capabilities: ['NET_ADMIN'], drop_capabilities: ['CHOWN'] },
          seccomp: { profile_type: 0 },
          readonly_rootfs: true,
          run_as_username: 'daemon',
        },
      },
    });
    await sleep(1500);
    for (const name of ['main', 'exits', 'eater', 'waits', 'capable']) await this.inspect(name, 'at first');
    await this.#lists();
    await this.#onMain(running);
    const stoppedPod = await this.#privileged();
    return { configs: this.#configs, pod, stoppedPod, running, created, exited };
  }

  readonly #ids = new Map<string, string>();

  async #pod(name: string, more: Config = {}): Promise<string> {
    const id = await idOf(['runp', this.#configs.pod(name, more)]);
    this.#recorder.call(id, `pod ${name}`);
    this.#ids.set(`pod ${name}`, id);
    return id;
  }

  async #container(podName: string, pod: string, name: string, more: Config = {}, starts = true): Promise<string> {
    const id = await idOf(['create', pod, this.#configs.container(name, more), this.#configs.pathOf(podName)]);
    this.#recorder.call(id, `container ${name}`);
    this.#ids.set(name, id);
    if (starts) await this.#recorder.codes(`start ${name}`, ['start', id]);
    await sleep(SETTLE_MS);
    return id;
  }

  async inspect(name: string, when: string): Promise<void> {
    const verb = name.startsWith('pod ') ? 'inspectp' : 'inspect';
    await this.#recorder.json(`${verb} ${name}, ${when}`, [verb, '-o', 'json', this.#ids.get(name)!]);
  }

  async #more(name: string, pod: string): Promise<void> {
    const { json } = bind(this.#recorder);
    await this.inspect(`pod ${name}`, 'ready');
    await json('pods', ['pods', '-o', 'json']);
    await json('pods, by id', ['pods', '-o', 'json', '--id', pod.slice(0, 10)]);
    await json('pods, not ready', ['pods', '-o', 'json', '--state', 'notready']);
    await json('pods, by label', ['pods', '-o', 'json', '--label', 'io.kubernetes.pod.name=other']);
  }

  async #lists(): Promise<void> {
    const { json } = bind(this.#recorder);
    await json('ps', ['ps', '-o', 'json'], byName);
    await json('ps, all', ['ps', '--all', '-o', 'json'], byName);
    await json('ps, exited', ['ps', '--state', 'exited', '-o', 'json'], byName);
    await json('stats', ['stats', '-o', 'json'], statsByName);
    await json('stats, all', ['stats', '--all', '-o', 'json'], statsByName);
    await json('stats, one', ['stats', '-o', 'json', this.#ids.get('main')!], statsByName);
    await json('statsp', ['statsp', '-o', 'json'], podStatsByName);
  }

  async #onMain(id: string): Promise<void> {
    const { text, codes } = bind(this.#recorder);
    await text('exec, sync', ['exec', '-s', id, 'sh', '-c', 'id -u; id -g; id -G; pwd; echo $GREETING; hostname']);
    await text('exec, the environment', ['exec', '-s', id, 'env']);
    await text('exec, resolv.conf', ['exec', '-s', id, 'cat', '/etc/resolv.conf']);
    await text('exec, sync with a code', ['exec', '-s', id, 'sh', '-c', 'echo out; exit 5']);
    await text('exec, streaming with a code', ['exec', id, 'sh', '-c', 'echo out; exit 5']);
    await text('exec, limits and capabilities', [
      'exec',
      '-s',
      id,
      'grep',
      '-E',
      '^(Cap|NoNewPrivs|Seccomp:|Groups)',
      '/proc/self/status',
    ]);
    await text('exec, sysctls', [
      'exec',
      '-s',
      id,
      'sh',
      '-c',
      'cat /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range',
    ]);
    await text('exec, devices', [
      'exec',
      '-s',
      id,
      'sh',
      '-c',
      'ls -l /dev | tail -n +2 | sort | tr -s " " | cut -d " " -f 1,3-6,10-',
    ]);
    await text('logs', ['logs', this.#ids.get('exits')!]);
    await codes('update', [
      'update',
      '--memory',
      String(48 << 20),
      '--cpu-share',
      '256',
      '--cpu-quota',
      '20000',
      '--cpu-period',
      '100000',
      id,
    ]);
    await this.inspect('main', 'updated');
    await codes('stop', ['stop', '--timeout', '5', this.#ids.get('capable')!]);
    await this.inspect('capable', 'stopped');
    await codes('stop, again', ['stop', this.#ids.get('capable')!]);
    await codes('rm', ['rm', this.#ids.get('capable')!]);
  }

  /** A pod with the host's namespaces and a privileged container; stopped in the end. */
  async #privileged(): Promise<string> {
    const { codes } = bind(this.#recorder);
    const security_context = { privileged: true, namespace_options: { network: 2, pid: 2, ipc: 2 } };
    const pod = await this.#pod('host', { hostname: '', linux: { security_context } });
    await this.inspect('pod host', 'ready');
    const config = { linux: { security_context: { ...security_context, masked_paths: [], readonly_paths: [] } } };
    const id = await idOf(['create', pod, this.#configs.container('boss', config), this.#configs.pathOf('host')]);
    this.#recorder.call(id, 'container boss');
    this.#ids.set('boss', id);
    await codes('start boss', ['start', id]);
    await this.inspect('boss', 'running');
    await codes('stopp', ['stopp', pod]);
    await this.inspect('pod host', 'stopped');
    await this.inspect('boss', 'its pod stopped');
    return pod;
  }

  /** Takes everything away. */
  async end(): Promise<void> {
    const { codes, json } = bind(this.#recorder);
    for (const [name, id] of this.#ids) if (name.startsWith('pod ')) await codes(`rmp ${name}`, ['rmp', '--force', id]);
    await crictl(['rmp', '--all', '--force']);
    await json('pods, in the end', ['pods', '-o', 'json']);
    await json('ps, in the end', ['ps', '--all', '-o', 'json']);
    await crictl(['rmi', BUSYBOX]);
    await json('images, after rmi', ['images', '-o', 'json'], withoutPause);
  }
}

function bind(recorder: Recorder): Pick<Recorder, 'text' | 'json' | 'codes'> {
  return {
    text: (...call) => recorder.text(...call),
    json: (...call) => recorder.json(...call),
    codes: (...call) => recorder.codes(...call),
  };
}

interface Named {
  readonly metadata: { readonly name: string };
}

const named = <T extends Named>(items: readonly T[] | undefined) =>
  Object.fromEntries((items ?? []).map((item) => [item.metadata.name, item]));

const byName = ({ containers }: { containers?: Named[] }) => named(containers);

const statsByName = ({ stats }: { stats?: { attributes: Named }[] }) =>
  Object.fromEntries((stats ?? []).map((item) => [item.attributes.metadata.name, item]));

const podStatsByName = statsByName;

/** Only containerd has an image for its pause processes. */
const withoutPause = ({ images }: { images?: { repoTags: string[] }[] }) =>
  Object.fromEntries(
    (images ?? [])
      .filter(({ repoTags }) => !repoTags.some((tag) => tag.includes('/pause:')))
      .map((image) => [image.repoTags.toSorted().join(), image]),
  );
