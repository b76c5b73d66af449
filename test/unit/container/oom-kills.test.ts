import { describe, expect, it } from '@jest/globals';
import { OomKills } from '../../../src/container/oom-kills.ts';

// A kernel's counters: a pod's holds those of all cgroups that are or were below it.
class Kernel {
  readonly version: 'v1' | 'v2' | 'hybrid';
  readonly #counters = new Map<string, number>([['/pod', 0]]);

  constructor(version: 'v1' | 'v2' | 'hybrid' = 'v2') {
    this.version = version;
  }

  oomKills(path: string): number | undefined {
    return this.#counters.get(path);
  }

  make(path: string): void {
    this.#counters.set(path, 0);
  }

  kill(path: string): void {
    this.#counters.set(path, (this.#counters.get(path) ?? 0) + 1);
    this.#counters.set('/pod', (this.#counters.get('/pod') ?? 0) + 1);
  }

  remove(path: string): void {
    this.#counters.delete(path);
  }
}

function start(kernel: Kernel, ...paths: string[]): OomKills {
  const kills = new OomKills(kernel);
  for (const path of paths) {
    kernel.make(path);
    kills.watch(path);
  }
  return kills;
}

describe('OomKills', () => {
  it('tells of a kill in a cgroup that is gone', () => {
    const kernel = new Kernel();
    const kills = start(kernel, '/pod/a');
    kernel.kill('/pod/a');
    kernel.remove('/pod/a');

    expect(kills.end('/pod/a')).toBe(true);
  });

  it('tells it of the container that it happened in', () => {
    const kernel = new Kernel();
    const kills = start(kernel, '/pod/a', '/pod/b', '/pod/c');
    kernel.kill('/pod/a');
    kernel.kill('/pod/b');
    kernel.remove('/pod/b');
    kernel.remove('/pod/c');

    expect(kills.end('/pod/b')).toBe(true);
    expect(kills.end('/pod/c')).toBe(false);
    expect(kills.end('/pod/a')).toBe(true);
  });

  it('counts a kill once, while its cgroup is there and when it is gone', () => {
    const kernel = new Kernel();
    const kills = start(kernel, '/pod/a', '/pod/b');
    kernel.kill('/pod/a');

    expect(kills.end('/pod/a')).toBe(true);
    kernel.remove('/pod/a');
    expect(kills.end('/pod/b')).toBe(false);
  });

  it('leaves out what happened before the watch, but not in the container itself', () => {
    const kernel = new Kernel();
    for (const path of ['/pod/old', '/pod/a', '/pod/b']) kernel.make(path);
    for (const path of ['/pod/old', '/pod/b']) kernel.kill(path);
    kernel.remove('/pod/old');
    const kills = new OomKills(kernel);
    kills.watch('/pod/a');
    kills.watch('/pod/b');
    for (const path of ['/pod/a', '/pod/b']) kernel.remove(path);

    expect(kills.end('/pod/b')).toBe(true);
    expect(kills.end('/pod/a')).toBe(false);
  });

  it('tells of the one kill to all containers of a sandbox that they share, also when it came before the watch', () => {
    const kernel = new Kernel();
    kernel.make('/pod/sandbox');
    kernel.kill('/pod/sandbox');
    const kills = new OomKills(kernel);
    for (const path of ['/pod/a', '/pod/b']) kills.watch(path);

    expect(kills.end('/pod/a', true)).toBe(true);
    expect(kills.end('/pod/b', true)).toBe(true);
  });

  it('leaves out what was killed before in a cgroup that the pod shares with others', () => {
    const kernel = new Kernel();
    kernel.make('/pod/other');
    kernel.kill('/pod/other');
    const kills = new OomKills(kernel);
    for (const path of ['/pod/a', '/pod/b']) kills.watch(path, false);

    expect(kills.end('/pod/a', true)).toBe(false);
    kernel.kill('/pod/sandbox');
    expect(kills.end('/pod/b', true)).toBe(true);
  });

  it('says no to the containers of a sandbox that was not killed', () => {
    const kernel = new Kernel();
    kernel.make('/pod/sandbox');
    const kills = new OomKills(kernel);
    kills.watch('/pod/a');

    expect(kills.end('/pod/a', true)).toBe(false);
  });

  it('says no for a container that is not watched, and after the end of the watch', () => {
    const kernel = new Kernel();
    const kills = start(kernel, '/pod/a');
    kernel.kill('/pod/a');

    expect(kills.end('/pod/b')).toBe(false);
    expect(kills.end('/pod/a')).toBe(true);
    expect(kills.end('/pod/a')).toBe(false);
  });

  it('goes by the own counter where a cgroup does not count for those below it', () => {
    const kernel = new Kernel('v1');
    const kills = start(kernel, '/pod/a', '/pod/b');
    kernel.kill('/pod/a');
    kernel.kill('/pod');

    expect(kills.end('/pod/a')).toBe(true);
    expect(kills.end('/pod/b')).toBe(false);
  });
});
