import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problem.ts';

let directory: string;
let main: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-config-'));
  main = join(directory, 'config.toml');
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(text: string): void {
  writeFileSync(main, text);
}

function writeDropIn(name: string, text: string): void {
  mkdirSync(`${main}.d`, { recursive: true });
  writeFileSync(join(`${main}.d`, name), text);
}

/** The problems, one line each, without the test's directory. */
function problems(path = main): string[] {
  try {
    loadConfig({ path });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replaceAll(`${directory}/`, ''));
  }
  return [];
}

describe('loadConfig()', () => {
  it('has defaults for everything but the version', () => {
    write('version = 1\n');

    const config = loadConfig({ path: main });

    expect(config).toMatchObject({
      version: 1,
      standalone: false,
      root: '/var/lib/crisol',
      run: '/run/crisol',
      logLevel: 'info',
      cri: { socket: '/run/crisol/crisol.sock', defaultRuntime: 'runc', shmSizeBytes: 67_108_864, pidsLimit: 0 },
      images: { registryDirs: ['/etc/crisol/certs.d'], progressTimeoutMs: 60_000 },
      network: { confDirs: ['/etc/cni/net.d'], binDirs: ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'] },
      streaming: { address: '127.0.0.1', port: 0 },
      monitor: { conmon: 'conmon' },
    });
    expect(Object.keys(config.runtimes)).toEqual(['runc']);
    expect(config.runtimes['runc']).toMatchObject({ kind: 'oci', path: 'runc', args: [], createTimeoutMs: 120_000 });
  });

  it('reads handlers of both kinds', () => {
    write(`version = 1
[cri]
create_timeout = "90s"
[runtimes.crun]
kind = "oci"
[runtimes.gvisor]
kind = "oci"
path = "/opt/runsc"
args = ["--platform=systrap"]
annotations = ["dev.gvisor.*"]
sandbox_process = true
create_timeout = "3m"
cni_conf_dir = "/etc/cni/gvisor.d"
features = { user_namespaces = false }
[runtimes.kata]
kind = "shim-v2"
path = "containerd-shim-kata-v2"
config_path = "/etc/kata.toml"
privileged_without_host_devices = true
`);

    const { runtimes } = loadConfig({ path: main });

    expect(runtimes['crun']).toMatchObject({ kind: 'oci', path: 'crun', createTimeoutMs: 90_000 });
    expect(runtimes['gvisor']).toMatchObject({
      args: ['--platform=systrap'],
      annotations: ['dev.gvisor.*'],
      cniConfDir: '/etc/cni/gvisor.d',
      sandboxProcess: true,
      createTimeoutMs: 180_000,
      features: { userNamespaces: false },
    });
    expect(runtimes['kata']).toMatchObject({
      kind: 'shim-v2',
      configPath: '/etc/kata.toml',
      privilegedWithoutHostDevices: true,
      preflightTimeoutMs: 30_000,
    });
  });

  it('merges drop-ins in name order: tables deep, lists replaced', () => {
    write('version = 1\n[cri]\nshm_size = "1MiB"\npids_limit = 5\ndefault_ulimits = ["nofile=1:2"]\n');
    writeDropIn('20-b.toml', '[cri]\npids_limit = 7\n');
    writeDropIn('10-a.toml', '[cri]\npids_limit = 6\ndefault_ulimits = ["core=0", "nproc=-1"]\n');
    writeDropIn('30-c.toml.off', 'nonsense');

    expect(loadConfig({ path: main }).cri).toMatchObject({
      shmSizeBytes: 1_048_576,
      pidsLimit: 7,
      defaultUlimits: ['core=0', 'nproc=-1'],
    });
  });

  it('keeps everything below the directory when standalone', () => {
    const config = loadConfig({ standaloneDir: directory });

    expect(config.standalone).toBe(true);
    expect(config).toMatchObject({ root: join(directory, 'root'), run: join(directory, 'run') });
    expect(config.cri.socket).toBe(join(directory, 'crisol.sock'));
    expect(JSON.stringify({ ...config, network: { ...config.network, binDirs: [] } })).not.toMatch(
      /"\/(etc|var|run)\//,
    );
  });

  it('puts the socket into a run directory of the operator', () => {
    write('version = 1\nrun = "/run/other"\n');

    expect(loadConfig({ path: main }).cri.socket).toBe('/run/other/crisol.sock');
  });

  it('reports all problems of all files at once', () => {
    write('version = 2\nlog_level = "loud"\n[cri]\nscoket = "/s"\nshm_size = 64\n');
    writeDropIn('a.toml', '[cri]\npids_limit = -1\n[runtimes.runc]\nkind = "oci"\npath = "./runc"\n');
    writeDropIn('b.toml', 'not toml');

    expect(problems()).toEqual([
      'config.toml:1: version: must be 1, the only version there is',
      'config.toml:2: log_level: must be one of "trace", "debug", "info", "warn", "error", "fatal"',
      'config.toml:4: cri.scoket: unknown key (nearest known key: "socket")',
      'config.toml:5: cri.shm_size: must be a size in quotes with its unit, such as "64MiB", "1.5GB" or "0B"',
      'config.toml.d/a.toml:2: cri.pids_limit: must be a whole number from 0 to 4194304',
      'config.toml.d/a.toml:5: runtimes.runc.path: must be an absolute path, or a bare name to be found in PATH',
      expect.stringMatching(/^config\.toml\.d\/b\.toml:1: not TOML: /),
    ]);
  });

  it.each([
    {
      name: 'a missing version',
      text: '[cri]\n',
      problem: '1: version: missing: the file must begin with version = 1',
    },
    {
      name: 'a table that is misspelt',
      text: '[runtime.runc]\n',
      problem: '2: runtime: unknown key (nearest known key: "runtimes")',
    },
    {
      name: 'a key in the wrong table',
      text: 'socket = "/x"\n',
      problem: '2: socket: unknown key (nearest known key: "cri.socket")',
    },
    { name: 'a value for a table', text: 'cri = 5\n', problem: '2: cri: must be a table, [cri]' },
    { name: 'a relative path', text: 'root = "x"\n', problem: '2: root: must be an absolute path' },
    {
      name: 'a bad list item',
      text: '[network]\nbin_dirs = ["/a", "b"]\n',
      problem: '3: network.bin_dirs: item 2 must be an absolute path',
    },
    {
      name: 'an unknown default',
      text: '[cri]\ndefault_runtime = "crn"\n[runtimes.crun]\nkind = "oci"\n',
      problem: '3: cri.default_runtime: there is no [runtimes.crn] (nearest: "crun")',
    },
    {
      name: 'a handler without a kind',
      text: '[runtimes.x]\npath = "/x"\n',
      problem: '2: runtimes.x.kind: missing: write kind = "oci" or "shim-v2"',
    },
    {
      name: 'a shim without a path',
      text: '[runtimes.x]\nkind = "shim-v2"\n',
      problem: '2: runtimes.x.path: missing: the path of the shim',
    },
    {
      name: 'a key of the other kind',
      text: '[runtimes.x]\nkind = "oci"\nconfig_path = "/x"\n',
      problem: expect.stringMatching(/^4: runtimes\.x\.config_path: unknown key/),
    },
    {
      name: 'a bad handler name',
      text: '[runtimes.My_Runc]\nkind = "oci"\n',
      problem: '2: runtimes.My_Runc: a handler name has lower-case letters, digits and "-", as RuntimeClass demands',
    },
    {
      name: 'an unknown feature',
      text: '[runtimes.x]\nkind = "oci"\n[runtimes.x.features]\nuserns = true\n',
      problem: expect.stringContaining('5: runtimes.x.features.userns: unknown key'),
    },
    { name: 'a date', text: 'run = 1979-05-27\n', problem: '2: run: must be a string' },
    {
      name: 'a cgroup parent of the other driver',
      text: '[cri]\ncgroup_driver = "systemd"\ndefault_cgroup_parent = "/crisol"\n',
      problem: '4: cri.default_cgroup_parent: must be "name.slice" with the systemd driver',
    },
    {
      name: 'a relative cgroup parent',
      text: '[cri]\ndefault_cgroup_parent = "crisol"\n',
      problem: '3: cri.default_cgroup_parent: must be "/path" or "name.slice"',
    },
    {
      name: 'a bad limit',
      text: '[cri]\ndefault_ulimits = ["files=3"]\n',
      problem: expect.stringContaining('3: cri.default_ulimits: item 1 must be NAME=SOFT:HARD'),
    },
    { name: 'a syntax error', text: 'root = "/x\n', problem: expect.stringMatching(/^2: not TOML: /) },
    {
      name: 'a doubled key',
      text: 'root = "/x"\nroot = "/y"\n',
      problem: expect.stringMatching(/^3: not TOML: trying to redefine/),
    },
    {
      name: 'a poisoned key',
      text: '__proto__ = { root = "/x" }\n',
      problem: expect.stringMatching(/^2: not TOML: .*unsafe/),
    },
  ])('reports $name', ({ text, problem }) => {
    write(text === '[cri]\n' ? text : `version = 1\n${text}`);

    expect(problems().map((line) => line.replace('config.toml:', ''))).toEqual([problem]);
  });

  it.each([
    {
      name: 'plugins',
      text: '[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "x"\n',
      part: "2: plugins: containerd's configuration; a runtime is a table [runtimes.NAME]",
    },
    {
      name: 'a runtime_type',
      text: '[runtimes.runsc]\nruntime_type = "io.containerd.runsc.v1"\n',
      part: '3: runtimes.runsc.runtime_type: containerd\'s key; write kind = "shim-v2" and path = "/usr/bin/containerd-shim-runsc-v1" instead',
    },
    {
      name: "runc's runtime_type",
      text: '[runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n',
      part: '(or kind = "oci" and path = "runc", without the shim)',
    },
    {
      name: 'a runtime type as kind',
      text: '[runtimes.kata]\nkind = "io.containerd.kata.v2"\n',
      part: '3: runtimes.kata.kind: must be one of "oci", "shim-v2"; for "io.containerd.kata.v2" write kind = "shim-v2" and path = "/usr/bin/containerd-shim-kata-v2"',
    },
    {
      name: 'options',
      text: '[runtimes.x]\nkind = "oci"\n[runtimes.x.options]\nBinaryName = "/x"\n',
      part: '4: runtimes.x.options: containerd\'s table; BinaryName is "path"',
    },
    {
      name: 'number of networks',
      text: '[runtimes.x]\nkind = "oci"\ncni_max_conf_num = 2\n',
      part: "4: runtimes.x.cni_max_conf_num: containerd's key; a pod gets the first network",
    },
    {
      name: "CRI-O's keys",
      text: '[runtimes.x]\nkind = "oci"\nruntime_path = "/x"\n',
      part: '4: runtimes.x.runtime_path: the key is called "path" here',
    },
  ])("recognises another runtime's $name", ({ text, part }) => {
    write(`version = 1\n${text}`);

    expect(problems()).toEqual([expect.stringContaining(part)]);
  });

  it("refuses a handler's network directory that is not absolute", () => {
    write('version = 1\n[runtimes.x]\nkind = "oci"\ncni_conf_dir = "kata.d"\n');

    expect(problems()).toEqual([expect.stringContaining('4: runtimes.x.cni_conf_dir: must be an absolute path')]);
  });

  const containerd = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes';
  it.each([
    {
      name: "containerd's runc with a binary",
      text:
        `${containerd}.crun]\nruntime_type = "io.containerd.runc.v2"\n` +
        `${containerd}.crun.options]\nBinaryName = "/usr/bin/crun"\nRoot = "/run/crun"\n`,
      problem:
        ':2: plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun: write [runtimes.crun] with kind = "oci", ' +
        'path = "/usr/bin/crun", root = "/run/crun" instead',
    },
    {
      name: "containerd's gVisor",
      text:
        `${containerd}.runsc]\nruntime_type = "io.containerd.runsc.v1"\npod_annotations = ["dev.gvisor.*"]\ncni_conf_dir = "/etc/cni/own.d"\n` +
        `${containerd}.runsc.options]\nConfigPath = "/etc/containerd/runsc.toml"\n`,
      problem:
        ':2: plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runsc: write [runtimes.runsc] with ' +
        'kind = "shim-v2", path = "/usr/bin/containerd-shim-runsc-v1", config_path = "/etc/containerd/runsc.toml", ' +
        'cni_conf_dir = "/etc/cni/own.d", annotations = ["dev.gvisor.*"] instead',
    },
    {
      name: "CRI-O's Kata",
      text:
        '[crio.runtime.runtimes.kata]\nruntime_path = "/opt/kata/bin/containerd-shim-kata-v2"\n' +
        'runtime_type = "vm"\nprivileged_without_host_devices = true\n',
      problem:
        ':2: crio.runtime.runtimes.kata: write [runtimes.kata] with kind = "shim-v2", ' +
        'path = "/opt/kata/bin/containerd-shim-kata-v2", privileged_without_host_devices = true instead',
    },
    {
      name: "containerd's keys in our table",
      text: '[runtimes.x]\nruntime_type = "io.containerd.runc.v2"\n[runtimes.x.options]\nBinaryName = "/x"\n',
      problem: ':2: runtimes.x.kind: missing: write [runtimes.x] with kind = "oci", path = "/x"',
    },
  ])('answers $name with the table to write, with file and line', ({ text, problem }) => {
    write(`version = 1\n${text}`);

    expect(problems()).toContainEqual(expect.stringContaining(problem));
  });

  it('refuses a named file or drop-in directory that is not there', () => {
    expect(problems(join(directory, 'absent.toml'))).toEqual(['absent.toml: no such file']);
    expect(() => loadConfig({ standaloneDir: directory, dropInDir: join(directory, 'absent.d') })).toThrow(
      'absent.d: cannot be listed',
    );
  });

  it('reports a directory in place of the file', () => {
    expect(problems(directory)).toEqual([expect.stringContaining('cannot be read: EISDIR')]);
  });
});
