// Handlers that are configured wrongly: what the start, `crisol handlers`, crictl info and RunPodSandbox say to each.
// With CRISOL_BROKEN_REPORT=FILE everything that was said is written there.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestDaemon } from './daemon.ts';
import { IMAGE, lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const daemon = new TestDaemon();
const pods = new Pods(daemon);
const programs = join(daemon.directory, 'programs');
mkdirSync(programs);

/** A program of the test's own, and its path. */
function program(name: string, text: string | Buffer, mode = 0o755): string {
  const path = join(programs, name);
  writeFileSync(path, text, { mode });
  return path;
}

// 64-bit little-endian ELF for s390x: as much of one as the kernel looks at before it refuses.
const FOREIGN = Buffer.alloc(120);
FOREIGN.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
FOREIGN.writeUInt16LE(2, 16);
FOREIGN.writeUInt16LE(0x16, 18);

// What containerd's shims print to a flag they do not know, as Go's flag package prints it.
const SHIM = `#!/bin/sh
case "$1" in --version)
  printf 'flag provided but not defined: -version\\nUsage of %s:\\n  -address string\\n' "$0" >&2
  printf '    \\tgrpc address back to main containerd\\n  -publish-binary string\\n' >&2; exit 2;;
esac
echo 'io.containerd.runc.v2: shim namespace cannot be empty' >&2; exit 1
`;
// gVisor's runsc on KVM that is there and does not work: it waits, without a word.
const HANGING = `#!/bin/sh
case "$*" in *--version*) exec runc --version;; *--platform=kvm*) exec sleep 4714;; *) exec runc "$@";; esac
`;

interface Broken {
  readonly name: string;
  readonly what: string;
  /** The table without its header. */
  readonly table: string;
  readonly reason: RegExp;
  readonly cure: RegExp;
}

/** Tables that are well-formed: the daemon starts and refuses these handlers. */
const refused: readonly Broken[] = [
  {
    name: 'no-path',
    what: 'a path that does not exist',
    table: 'kind = "oci"\npath = "/usr/bin/rnuc"',
    reason: /program "\/usr\/bin\/rnuc" does not exist/,
    cure: /install it or correct the path/,
  },
  {
    name: 'no-exec',
    what: 'a program that is not executable',
    table: `kind = "oci"\npath = "${program('no-exec', '#!/bin/sh\n', 0o644)}"`,
    reason: /no-exec" is not executable/,
    cure: /chmod \+x/,
  },
  {
    name: 'foreign',
    what: 'a program for another CPU',
    table: `kind = "oci"\npath = "${program('foreign', FOREIGN)}"`,
    reason: /foreign" is built for s390x, and this host is (amd64|arm64)/,
    cure: /install the build for/,
  },
  {
    name: 'directory',
    what: 'a directory',
    table: 'kind = "oci"\npath = "/usr/bin"',
    reason: /"\/usr\/bin" is a directory/,
    cure: /correct the path/,
  },
  {
    name: 'shim-as-oci',
    what: 'a shim as OCI runtime',
    table: `kind = "oci"\npath = "${program('containerd-shim-x-v2', SHIM)}"`,
    reason: /is a containerd shim and no OCI runtime/,
    cure: /write kind = "shim-v2"/,
  },
  {
    name: 'kvm',
    what: 'runsc --platform=kvm that hangs',
    table: `kind = "oci"\npath = "${program('runsc', HANGING)}"\nargs = ["--platform=kvm"]\npreflight_timeout = "1s"`,
    reason: /stage "(features|create)" was not over when the preflight's 1000 ms had passed/,
    cure: /KVM is there but does not work.*--platform=systrap/,
  },
  {
    name: 'rubbish',
    what: 'a program that prints rubbish',
    table: 'kind = "oci"\npath = "/bin/echo"',
    reason: /made no process and printed ".*": this is no OCI runtime/,
    cure: /runc, crun, runsc/,
  },
  {
    name: 'crash',
    what: 'a program that crashes',
    table: `kind = "oci"\npath = "${program('crash', '#!/bin/sh\necho "panic: nil map" >&2; kill -SEGV $$\n')}"`,
    reason: /stage "version": it was killed by signal 11 after "panic: nil map"/,
    cure: /^$/,
  },
  {
    name: 'seccomp',
    what: 'a seccomp profile that is missing',
    table: 'kind = "oci"\npath = "runc"\nseccomp_profile = "/etc/crisol/no-such.json"',
    reason: /cannot read seccomp profile "\/etc\/crisol\/no-such.json"/,
    cure: /^$/,
  },
];

/** Tables that are not: the daemon does not start, and says where and what to write. */
const rejected: readonly {
  readonly what: string;
  readonly text: string;
  readonly line: number;
  readonly says: RegExp;
}[] = [
  {
    what: "containerd's runtime_type",
    text: '[runtimes.gvisor]\nruntime_type = "io.containerd.runsc.v1"\n',
    line: 2,
    says: /runtimes.gvisor.runtime_type: containerd's key; write kind = "shim-v2" and path = "\/usr\/bin\/containerd-shim-runsc-v1"/,
  },
  {
    what: 'a runtime_type as kind',
    text: '[runtimes.gvisor]\nkind = "io.containerd.runsc.v1"\n',
    line: 2,
    says: /runtimes.gvisor.kind: must be one of "oci", "shim-v2"; for "io.containerd.runsc.v1" write kind = "shim-v2"/,
  },
  {
    what: 'a misspelt key',
    text: '[runtimes.gvisor]\nkind = "oci"\npaht = "/usr/bin/runsc"\n',
    line: 3,
    says: /runtimes.gvisor.paht: unknown key \(nearest known key: "path"\)/,
  },
];

const said: Record<string, Record<string, string>> = {};

async function crisol(...args: string[]): Promise<string> {
  const entry = join(lab('REPO'), 'dist/bundle/main.js');
  const { stdout, stderr } = await execa(process.execPath, [entry, ...args], { reject: false });
  return `${stdout}${stderr}`;
}

beforeAll(async () => {
  daemon.writeDropIn(refused.map(({ name, table }) => `[runtimes.${name}]\n${table}\n`).join(''));
  await daemon.start();
  await daemon.client.call('PullImage', { image: { image: IMAGE } });
}, 120_000);

afterAll(async () => {
  await daemon.removePods();
  const left = await leftovers(daemon);
  await daemon.destroy();
  const report = process.env['CRISOL_BROKEN_REPORT'];
  if (report !== undefined) writeFileSync(report, `${JSON.stringify(said, null, 2)}\n`);
  expect(left).toEqual([]);
}, 120_000);

describe('a handler with', () => {
  it.each(refused)('$what: all four places say the same', async ({ name, what, reason, cure }) => {
    const log = daemon
      .log()
      .split('\n')
      .find((line) => line.includes(`"handler":"${name}"`) && line.includes('failed its preflight'));
    const logged = JSON.parse(log ?? '{}') as { reason: string; cure?: string };
    const listed = JSON.parse(await crisol('handlers', '--socket', daemon.socket, '--json')) as {
      readonly name: string;
      readonly state: string;
      readonly reason: string;
      readonly cure: string;
    }[];
    const own = listed.find((handler) => handler.name === name);
    const info = JSON.parse(await daemon.crictl('info')) as {
      readonly status: { readonly conditions: { type: string; status: boolean; reason: string; message: string }[] };
    };
    const condition = info.status.conditions.find(({ type }) => type === `HandlerReady/${name}`);
    const began = Date.now();
    const failure = await daemon.client.failure('RunPodSandbox', { config: pods.config('none'), runtimeHandler: name });
    said[what] = {
      start: log ?? '',
      handlers: `${name}: ${own?.reason ?? ''}${own?.cure === '' ? '' : ` / cure: ${own?.cure ?? ''}`}`,
      'crictl info': JSON.stringify(condition),
      RunPodSandbox: `${failure.code}: ${failure.details} [${Date.now() - began} ms]`,
    };

    const both = logged.cure === undefined ? logged.reason : `${logged.reason} (${logged.cure})`;
    expect(logged.reason).toMatch(reason);
    expect(logged.cure ?? '').toMatch(cure);
    expect(own).toMatchObject({ state: 'failed', reason: logged.reason, cure: logged.cure ?? '' });
    expect(condition).toMatchObject({ status: false, reason: 'PreflightFailed', message: both });
    expect(failure).toEqual({
      code: 'FAILED_PRECONDITION',
      details: expect.stringContaining(`runtime handler "${name}" does not work: ${both}`),
    });
  });

  it('none of these: the default handler runs pods beside them', async () => {
    const pod = await pods.run('fine');
    expect(await pods.exec(await pods.start(pod, 'fine', 'sleep 86399'), 'echo', 'here')).toBe('here');
  });
});

describe('crisol serve does not start with', () => {
  it.each(rejected)(
    '$what, and says file, line and cure',
    async ({ what, text, line, says }) => {
      const other = new TestDaemon();
      try {
        other.writeDropIn(text);
        const place = `${other.configPath}.d/50-test.toml:${line}: `;
        const [code] = (await once(other.spawn(), 'exit')) as unknown[];
        const log = other.log();
        said[what] = {
          start: log,
          handlers: await crisol('handlers', '--check', '--config', other.configPath),
          'crictl info': 'no daemon',
          RunPodSandbox: 'no daemon',
        };
        expect(code).toBe(1);
        const complaint = log.split('\n').find((each) => each.includes(place)) ?? '';
        expect(complaint).toMatch(says);
        expect(said[what]['handlers']).toContain(complaint.replace(/^crisol: /, ''));
      } finally {
        await other.destroy();
      }
    },
    20_000,
  );
});
