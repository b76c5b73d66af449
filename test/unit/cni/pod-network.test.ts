import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BEHAVIOURS, FakeNode, attachRequest, confList, eventually } from './fake-plugins.ts';

let node: FakeNode;
beforeEach(async () => {
  node = await FakeNode.make();
  for (const name of ['one', 'two']) await node.plugin(name, { ADD: BEHAVIOURS.works });
});
afterEach(() => node.remove());

describe('PodNetwork.attach()', () => {
  it('runs ADD on each plugin in order and returns the addresses', async () => {
    await node.conf('10-pods.conflist', confList(['one', 'two']));
    const network = await node.network();

    const attachment = await network.attach(attachRequest());

    expect(attachment).toMatchObject({ ips: ['10.9.0.5', 'fd00::5'], networkName: 'pods' });
    const [first, second] = await node.calls();
    expect(first).toMatchObject({
      plugin: 'one',
      verb: 'ADD',
      env: {
        CNI_CONTAINERID: 'abc',
        CNI_NETNS: '/run/netns/a',
        CNI_IFNAME: 'eth0',
        CNI_ARGS:
          'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=u-1',
        CNI_PATH: `${node.root}/elsewhere:${node.binDir}`,
      },
      conf: { type: 'one', name: 'pods', cniVersion: '1.0.0' },
    });
    expect(first!.conf['prevResult']).toBeUndefined();
    expect(second).toMatchObject({ plugin: 'two', conf: { prevResult: attachment.result } });
  });

  it('gives each plugin the capabilities it declares, and leaves idle plugins out', async () => {
    await node.plugin('portmap', { ADD: BEHAVIOURS.works });
    const portmap = { type: 'portmap', capabilities: { portMappings: true } };
    await node.conf('10-pods.conflist', confList(['one', portmap, { type: 'two', capabilities: { dns: true } }]));
    const network = await node.network();
    const dns = { servers: ['10.0.0.10'], searches: [], options: [] };

    await network.attach(attachRequest({ sandboxId: 'plain', dns }));
    const portMappings = [
      { hostPort: 80, containerPort: 8080, protocol: 'tcp' as const, hostIp: '' },
      { hostPort: 81, containerPort: 8081, protocol: 'udp' as const, hostIp: '127.0.0.1' },
    ];
    await network.attach(attachRequest({ sandboxId: 'ports', dns, portMappings }));

    const calls = await node.calls();
    expect(calls.map(({ plugin, env }) => `${env['CNI_CONTAINERID'] ?? ''} ${plugin}`)).toEqual([
      'plain one',
      'plain two',
      'ports one',
      'ports portmap',
      'ports two',
    ]);
    expect(calls.map(({ conf }) => conf['runtimeConfig'])).toEqual([
      undefined,
      { dns },
      undefined,
      {
        portMappings: [
          { hostPort: 80, containerPort: 8080, protocol: 'tcp' },
          { hostPort: 81, containerPort: 8081, protocol: 'udp', hostIP: '127.0.0.1' },
        ],
      },
      { dns },
    ]);
    expect(calls[0]!.conf['capabilities']).toBeUndefined();
  });

  it.each([
    {
      behaviour: 'refuses' as const,
      code: 'unknown',
      message: 'network "pods": plugin "bad" failed to ADD: no more addresses: range is full (code 7)',
    },
    {
      behaviour: 'crashes' as const,
      code: 'unknown',
      message: 'network "pods": plugin "bad" failed to ADD: exit code 2, output "panic: nil map"',
    },
    {
      behaviour: 'rubbish' as const,
      code: 'unknown',
      message: 'network "pods": plugin "bad" printed no valid result of ADD: "hello"',
    },
    {
      behaviour: 'hangs' as const,
      code: 'deadline-exceeded',
      message: 'network "pods": plugin "bad" was killed: ADD took longer than 500 ms',
    },
  ])('names a plugin that $behaviour, and undoes in reverse', async ({ behaviour, code, message }) => {
    await node.plugin('bad', { ADD: BEHAVIOURS[behaviour] });
    await node.conf('10-pods.conflist', confList(['one', 'bad', 'two']));
    const network = await node.network({ pluginTimeoutMs: 500 });

    await expect(network.attach(attachRequest())).rejects.toMatchObject({ code, message });

    expect(await node.verbs()).toEqual(['ADD one', 'ADD bad', 'DEL bad', 'DEL one']);
    expect(await network.cachedSandboxes()).toEqual([]);
  });

  it('kills the children of a plugin that hangs', async () => {
    await node.plugin('bad', { ADD: `/bin/sleep 300 & echo $! > ${node.root}/child; wait` });
    await node.conf('10-pods.conflist', confList(['bad']));
    const network = await node.network({ pluginTimeoutMs: 500 });

    await expect(network.attach(attachRequest())).rejects.toMatchObject({ code: 'deadline-exceeded' });

    const child = Number(await readFile(join(node.root, 'child'), 'utf8'));
    await eventually(async () =>
      readFile(`/proc/${child}/stat`, 'utf8').then(
        (stat) => stat.includes(') Z'),
        () => true,
      ),
    );
  });

  it('names the directories searched for a missing plugin, and starts none', async () => {
    await node.conf('10-pods.conflist', confList(['one', 'absent']));
    const network = await node.network();

    await expect(network.attach(attachRequest())).rejects.toMatchObject({
      code: 'failed-precondition',
      message: `plugin "absent" not found in "${node.root}/elsewhere", "${node.binDir}": install it there or add its directory`,
    });
    expect(await node.verbs()).toEqual([]);
    expect(await network.cachedSandboxes()).toEqual([]);
  });

  it('follows a plugin that moved', async () => {
    await node.conf('10-pods.conflist', confList(['one']));
    const second = join(node.root, 'second');
    const network = await node.network({ binDirs: [node.binDir, second] });
    await network.attach(attachRequest());

    await rename(node.binDir, second);

    await expect(network.attach(attachRequest({ sandboxId: 'b' }))).resolves.toMatchObject({ networkName: 'pods' });
  });

  it('refuses a pod name that would forge CNI arguments', async () => {
    await node.conf('10-pods.conflist', confList(['one']));
    const network = await node.network();

    await expect(network.attach(attachRequest({ podName: 'a;K8S_POD_UID=x' }))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  it('keeps the record when it cannot undo', async () => {
    await node.plugin('bad', { ADD: BEHAVIOURS.hangs, DEL: BEHAVIOURS.hangs });
    await node.conf('10-pods.conflist', confList(['one', 'bad']));
    const network = await node.network({ pluginTimeoutMs: 300 });

    await expect(network.attach(attachRequest())).rejects.toThrow('plugin "bad" was killed: ADD');

    expect(await network.cachedSandboxes()).toEqual(['abc']);
  });
});

describe('PodNetwork.detach()', () => {
  it('uses what the sandbox was attached with, in reverse, and may be repeated', async () => {
    await node.conf('10-pods.conflist', confList(['one', { type: 'two', capabilities: { mac: true } }]));
    const first = await node.network();
    const { result } = await first.attach(attachRequest({ mac: '02:00:00:00:00:01' }));
    first.stop();
    await rm(node.confDir, { recursive: true });
    const second = await node.network();

    expect(await second.cachedSandboxes()).toEqual(['abc']);
    await second.detach('abc', undefined);
    await second.detach('abc', undefined);

    expect(await node.verbs()).toEqual(['ADD one', 'ADD two', 'DEL two', 'DEL one']);
    const removal = (await node.calls())[2]!;
    expect(removal.conf).toMatchObject({
      name: 'pods',
      prevResult: result,
      runtimeConfig: { mac: '02:00:00:00:00:01' },
    });
    expect(removal.env['CNI_NETNS']).toBeUndefined();
    expect(await second.cachedSandboxes()).toEqual([]);
  });

  it('retries a plugin that is refused for a moment', async () => {
    const busy = `[ -e ${node.root}/tried ] || { touch ${node.root}/tried; ${BEHAVIOURS.refuses}; }`;
    await node.plugin('two', { ADD: BEHAVIOURS.works, DEL: busy });
    await node.conf('10-pods.conflist', confList(['one', 'two']));
    const network = await node.network();
    await network.attach(attachRequest());

    await network.detach('abc', '/run/netns/a');

    expect((await node.verbs()).slice(2)).toEqual(['DEL two', 'DEL two', 'DEL one']);
  });

  it('finishes an attachment that a crash cut short', async () => {
    await node.conf('10-pods.conflist', confList(['one', 'two']));
    const network = await node.network();
    await network.attach(attachRequest());
    const path = join(node.cacheDir, 'abc.json');
    const record = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    delete record['result'];
    await writeFile(path, JSON.stringify(record));

    await network.detach('abc', '/run/netns/a');

    const removals = (await node.calls()).slice(2);
    expect(removals.map(({ conf }) => conf['prevResult'])).toEqual([undefined, undefined]);
  });

  it('uses the current network for a damaged record', async () => {
    await node.conf('10-pods.conflist', confList(['one']));
    const network = await node.network();
    await writeFile(join(node.cacheDir, 'abc.json'), '{"version":9}');

    await network.detach('abc', undefined);

    expect(await node.verbs()).toEqual(['DEL one']);
    expect(await readdir(node.cacheDir)).toEqual([]);
  });
});

describe('PodNetwork.status()', () => {
  it('names the directory and the cure, and follows it as it comes, goes and comes back', async () => {
    const network = await node.network();
    expect(network.status()).toEqual({
      ready: false,
      reason: 'NetworkPluginNotReady',
      message: `no CNI configuration in "${node.confDir}": install a network add-on or put a .conflist file there`,
    });
    await expect(network.attach(attachRequest())).rejects.toMatchObject({ code: 'unavailable' });

    for (const name of ['pods', 'others']) {
      await node.conf('10-pods.conflist', confList(['one'], { name }));
      await eventually(() => network.status().ready);
      expect(network.status()).toEqual({ ready: true, reason: '', message: '', networkName: name });
      await rm(node.confDir, { recursive: true });
      await eventually(() => !network.status().ready);
    }
  });

  it('says why a file was passed over', async () => {
    await node.conf('10-pods.conflist', '{"name": ');
    await node.conf('20-pods.conflist', confList(['one'], { cniVersion: '9.9.9' }));
    const network = await node.network();

    const { message } = network.status();
    expect(message).toContain(`"${node.confDir}/10-pods.conflist": not JSON: `);
    expect(message).toContain(`20-pods.conflist": cniVersion "9.9.9" is not supported, use one of `);
  });

  it('is not ready while a plugin is missing', async () => {
    await node.conf('10-pods.conflist', confList(['absent']));
    const network = await node.network();

    expect(network.status()).toMatchObject({ ready: false, networkName: 'pods' });
    expect(network.status().message).toContain('network "pods": plugin "absent" not found in ');
  });

  it('names a plugin that does not speak the version of the configuration', async () => {
    await node.plugin('old', {}, '{"supportedVersions":["0.4.0"]}');
    await node.conf('10-pods.conflist', confList(['old']));
    const network = await node.network();

    await eventually(() => !network.status().ready);
    expect(network.status().message).toBe(
      'network "pods": plugin "old" does not speak CNI 1.0.0: set cniVersion to one of 0.4.0',
    );
  });

  it('reports what STATUS says, for CNI 1.1', async () => {
    const refusal = `echo '{"code":50,"msg":"agent is down"}'; exit 1`;
    await node.plugin('one', { STATUS: refusal });
    await node.conf('10-pods.conflist', confList(['one'], { cniVersion: '1.1.0' }));
    const network = await node.network();

    await eventually(() => !network.status().ready);
    expect(network.status().message).toBe('network "pods": plugin "one" failed to STATUS: agent is down (code 50)');
  });
});

describe('PodNetwork.gc()', () => {
  it('tells CNI 1.1 plugins which attachments are valid', async () => {
    await node.conf('10-pods.conflist', confList(['one', 'two'], { cniVersion: '1.1.0' }));
    const network = await node.network();
    await network.attach(attachRequest());

    await network.gc(['kept']);

    const collected = (await node.calls()).filter(({ verb }) => verb === 'GC');
    expect(collected.map(({ plugin }) => plugin)).toEqual(['one', 'two']);
    expect(collected[0]!.conf['cni.dev/valid-attachments']).toEqual([
      { containerID: 'kept', ifname: 'eth0' },
      { containerID: 'abc', ifname: 'eth0' },
    ]);
  });

  it('does nothing for older networks', async () => {
    await node.conf('10-pods.conflist', confList(['one']));
    const network = await node.network();

    await network.gc([]);

    expect(await node.verbs()).toEqual([]);
  });
});

describe('PodNetwork.check()', () => {
  it('hands CHECK the result of ADD', async () => {
    await node.conf('10-pods.conflist', confList(['one']));
    const network = await node.network();
    const { result } = await network.attach(attachRequest());

    await network.check('abc', '/run/netns/a');

    expect((await node.calls())[1]).toMatchObject({ verb: 'CHECK', conf: { prevResult: result } });
  });
});

describe('PodNetwork with an embedded network', () => {
  it('needs no directory', async () => {
    const network = await node.network({ confDirs: undefined, embedded: confList(['one']) });

    expect(network.status()).toMatchObject({ ready: true, networkName: 'pods' });
    await expect(network.attach(attachRequest())).resolves.toMatchObject({ ips: ['10.9.0.5', 'fd00::5'] });
  });
});

describe("PodNetwork with handlers' own networks", () => {
  const own = () => ({ handler: 'kata', confDir: join(node.root, 'kata.d') });
  const EMPTY = (dir: string) =>
    `no CNI configuration in "${dir}": install a network add-on or put a .conflist file there`;

  beforeEach(() => node.conf('10-pods.conflist', confList(['one'])));

  it('attaches each pod to the network of its handler, and leaves the others alone', async () => {
    await node.confIn(own().confDir, '10-own.conflist', confList(['two'], { name: 'own' }));
    const network = await node.network({}, [own().confDir]);

    await expect(network.attach(attachRequest({ own: own() }))).resolves.toMatchObject({ networkName: 'own' });
    await expect(network.attach(attachRequest({ sandboxId: 'b' }))).resolves.toMatchObject({ networkName: 'pods' });
    expect(await node.verbs()).toEqual(['ADD two', 'ADD one']);
    expect(network.info()).toMatchObject({
      network: { name: 'pods' },
      handlerNetworks: { [own().confDir]: { network: { name: 'own' }, path: `${own().confDir}/10-own.conflist` } },
    });
  });

  it('names handler, directory and cure where there is none, and never falls back', async () => {
    const network = await node.network({}, [own().confDir]);

    expect(network.status()).toMatchObject({ ready: true });
    expect(network.status(own().confDir)).toMatchObject({ ready: false, message: EMPTY(own().confDir) });
    await expect(network.attach(attachRequest({ own: own() }))).rejects.toMatchObject({
      code: 'unavailable',
      message: `cni_conf_dir of runtime handler "kata": ${EMPTY(own().confDir)}`,
    });
    expect(await node.verbs()).toEqual([]);
    expect(await network.cachedSandboxes()).toEqual([]);
  });

  it('follows the directory as it comes, changes and goes', async () => {
    const network = await node.network({}, [own().confDir]);
    const name = () => network.status(own().confDir).networkName;

    await node.confIn(own().confDir, '10-own.conflist', confList(['two'], { name: 'first' }));
    await eventually(() => name() === 'first');
    await node.confIn(own().confDir, '10-own.conflist', confList(['two'], { name: 'second' }));
    await eventually(() => name() === 'second');
    await rm(own().confDir, { recursive: true });
    await eventually(() => !network.status(own().confDir).ready);
    expect(network.status()).toMatchObject({ ready: true, networkName: 'pods' });
  });

  it('follow() takes up directories and lets go of others; a pod on its way still gets the one of its handler', async () => {
    const other = join(node.root, 'other.d');
    await node.confIn(own().confDir, '10-own.conflist', confList(['two'], { name: 'own' }));
    await node.confIn(other, '10-other.conflist', confList(['two'], { name: 'other' }));
    const network = await node.network({}, [own().confDir]);

    await network.follow([other, other]);

    expect(network.status(other)).toMatchObject({ ready: true, networkName: 'other' });
    expect(network.status(own().confDir)).toMatchObject({ ready: false });
    await expect(network.attach(attachRequest({ own: own() }))).resolves.toMatchObject({ networkName: 'own' });
  });

  it('detaches by what the pod was attached with, when directory and handler are gone and the daemon is another', async () => {
    await node.confIn(own().confDir, '10-own.conflist', confList(['two'], { name: 'own' }));
    const first = await node.network({}, [own().confDir]);
    await first.attach(attachRequest({ own: own() }));
    first.stop();
    await rm(own().confDir, { recursive: true });
    const second = await node.network();

    await second.detach('abc', undefined, own().confDir);

    expect(await node.verbs()).toEqual(['ADD two', 'DEL two']);
    expect((await node.calls())[1]!.conf['name']).toBe('own');
    expect(await second.cachedSandboxes()).toEqual([]);
  });

  it("uses the handler's network for a damaged record", async () => {
    await node.confIn(own().confDir, '10-own.conflist', confList(['two'], { name: 'own' }));
    const network = await node.network();
    await writeFile(join(node.cacheDir, 'abc.json'), '{"version":9}');

    await network.detach('abc', undefined, own().confDir);

    expect(await node.verbs()).toEqual(['DEL two']);
  });

  it('collects garbage in every network', async () => {
    await node.conf('10-pods.conflist', confList(['one'], { cniVersion: '1.1.0' }));
    await node.confIn(own().confDir, '10-own.conflist', confList(['two'], { name: 'own', cniVersion: '1.1.0' }));
    const network = await node.network({}, [own().confDir]);

    await network.gc([]);

    const collected = (await node.calls()).filter(({ verb }) => verb === 'GC');
    expect(collected.map(({ plugin, conf }) => `${plugin} ${String(conf['name'])}`)).toEqual(['one pods', 'two own']);
  });
});
