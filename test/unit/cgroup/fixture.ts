// Cgroup trees in a temporary directory, and the mount entries that point at them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CgroupHost } from '../../../src/cgroup/host.ts';
import type { MountEntry } from '../../../src/host/mounts.ts';

export type Files = Readonly<Record<string, string>>;
export type Version = 'v1' | 'v2' | 'hybrid';

export const V1_CONTROLLERS = ['cpuacct', 'cpuset', 'memory', 'blkio', 'pids', 'name=systemd'];

export const V1_FILES: Files = {
  'cpuacct/pods/a/cpuacct.usage': '7000000001\n',
  'memory/pods/a/memory.stat':
    'rss 1\ntotal_rss 3000\ntotal_inactive_file 4000\ntotal_pgfault 50\ntotal_pgmajfault 6\n',
  'memory/pods/a/memory.usage_in_bytes': '10000\n',
  'memory/pods/a/memory.limit_in_bytes': '20000\n',
  'memory/pods/a/memory.memsw.usage_in_bytes': '11000\n',
  'memory/pods/a/memory.memsw.limit_in_bytes': '25000\n',
  'memory/pods/a/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
  'pids/pods/a/pids.current': '9\n',
  'pids/pods/a/cgroup.procs': '101\n102\n',
  'pids/pods/a/child/cgroup.procs': '103\n',
  'blkio/pods/a/blkio.throttle.io_service_bytes_recursive':
    '8:0 Read 100\n8:0 Write 20\n8:16 Read 5\n8:16 Total 5\nTotal 125\n',
  'blkio/pods/a/blkio.throttle.io_serviced_recursive': '8:0 Read 3\n8:0 Write 2\nTotal 5\n',
  'memory/memory.memsw.limit_in_bytes': '1\n',
};

const PRESSURE: Files = {
  'pods/a/cpu.pressure':
    'some avg10=0.25 avg60=1.70 avg300=4.38 total=51610069\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
  'pods/a/io.pressure': 'some avg10=1.00 avg60=0.00 avg300=0.00 total=7\n',
};

export const V2_FILES: Files = {
  ...PRESSURE,
  'cgroup.controllers': 'cpuset cpu io memory hugetlb pids\n',
  'pods/memory.max': 'max\n',
  'pods/memory.swap.max': 'max\n',
  'pods/a/cpu.stat': 'usage_usec 7000000\nuser_usec 1\n',
  'pods/a/memory.stat': 'anon 3000\nfile 5\ninactive_file 4000\npgfault 50\npgmajfault 6\n',
  'pods/a/memory.current': '10000\n',
  'pods/a/memory.max': '20000\n',
  'pods/a/memory.swap.current': '1000\n',
  'pods/a/memory.swap.max': '5000\n',
  'pods/a/memory.events': 'low 0\nhigh 0\nmax 4\noom 1\noom_kill 2\n',
  'pods/a/pids.current': '9\n',
  'pods/a/cgroup.procs': '101\n102\n',
  'pods/a/child/cgroup.procs': '103\n',
  'pods/a/io.stat': '8:0 rbytes=100 wbytes=20 rios=3 wios=2 dbytes=0 dios=0\n8:16 rbytes=5 wbytes=0 rios=0 wios=0\n',
};

export const HYBRID_FILES: Files = {
  ...V1_FILES,
  ...Object.fromEntries(Object.entries(PRESSURE).map(([name, text]) => [`unified/${name}`, text])),
};

export class CgroupFixture {
  readonly root = mkdtempSync(join(tmpdir(), 'crisol-cgroup-'));
  readonly mounts: MountEntry[];

  constructor(version: Version, files: Files, controllers: readonly string[] = V1_CONTROLLERS) {
    const v1 = version === 'v2' ? [] : controllers;
    const unified = { v1: [], v2: [''], hybrid: ['unified'] }[version];
    this.mounts = [
      ...v1.map((controller) => entry('cgroup', join(this.root, controller), controller)),
      ...unified.map((name) => entry('cgroup2', join(this.root, name), 'nsdelegate')),
    ];
    for (const { target } of this.mounts) mkdirSync(target, { recursive: true });
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  host(driver: 'auto' | 'systemd' | 'cgroupfs' = 'cgroupfs'): CgroupHost {
    return CgroupHost.detect({ driver, mounts: this.mounts, systemdRunning: driver === 'systemd' });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function entry(type: string, target: string, option: string): MountEntry {
  return { root: '/', target, options: [], propagation: [], type, source: type, superOptions: ['rw', option] };
}
