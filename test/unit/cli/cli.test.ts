import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../../../src/cli/cli.ts';
import type { Config } from '../../../src/config/schema.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly served: Config[];
}

async function crisol(...argv: string[]): Promise<Result> {
  const served: Config[] = [];
  let out = '';
  let err = '';
  const code = await runCli(argv, {
    output: { out: (text) => (out += text), err: (text) => (err += text), terminal: undefined },
    runDaemon: (config) => Promise.resolve(served.push(config)).then(() => 0),
    checkHandlers: () => Promise.resolve([]),
    readStdin: () => Promise.resolve('secret\n'),
  });
  return { code, out, err, served };
}

describe('runCli()', () => {
  it.each([{ argv: [] }, { argv: ['help'] }, { argv: ['--help'] }, { argv: ['-h'] }])(
    'shows the overview for $argv',
    async ({ argv }) => {
      const { code, out } = await crisol(...argv);

      expect(code).toBe(0);
      for (const command of ['serve', 'config default', 'config check', 'version']) expect(out).toContain(command);
      for (const verb of ['pull', 'list', 'import', 'remove']) expect(out).toContain(`crisol image ${verb}`);
    },
  );

  it.each([{ argv: ['help', 'image', 'pull'] }, { argv: ['image', 'pull', '--help'] }])(
    'shows the usage of a command for $argv',
    async ({ argv }) => {
      expect(await crisol(...argv)).toMatchObject({
        code: 0,
        out: expect.stringContaining('usage: crisol image pull'),
      });
    },
  );

  it.each([
    { argv: ['fly'], err: 'crisol: unknown command "fly"; "crisol help" lists all\n' },
    { argv: ['image', 'fly'], err: 'crisol: unknown command "image fly"; "crisol help" lists all\n' },
    { argv: ['serve', '--fast'], err: /^crisol: unknown option '--fast'\nusage: crisol serve / },
    {
      argv: ['serve', '--config'],
      err: /^crisol: option '-c, --config <value>' argument missing\nusage: crisol serve/,
    },
    { argv: ['serve', 'now'], err: /^crisol: unexpected argument "now"\nusage/ },
    { argv: ['serve', '--log-level', 'loud'], err: /^crisol: --log-level must be one of trace, / },
    { argv: ['image', 'pull'], err: /^crisol: an argument is missing\nusage: crisol image pull/ },
    { argv: ['image', 'pull', '--username', 'me', 'x'], err: /^crisol: --username and --password-stdin go together\n/ },
  ])('refuses $argv with exit code 2', async ({ argv, err }) => {
    const result = await crisol(...argv);

    expect(result.code).toBe(2);
    expect(result.served).toEqual([]);
    if (typeof err === 'string') expect(result.err).toBe(err);
    else expect(result.err).toMatch(err);
  });

  it('serves with the configuration and the log level of the command line', async () => {
    const { code, served } = await crisol('serve', '--standalone', directory, '--log-level', 'debug');

    expect(code).toBe(0);
    expect(served[0]).toMatchObject({ standalone: true, root: join(directory, 'root'), logLevel: 'debug' });
  });

  it('does not serve with a misspelt key, and names its place', async () => {
    writeFileSync(join(directory, 'config.toml'), 'version = 1\n\n[cri]\nscoket = "/x"\n');

    const { code, err, served } = await crisol('serve', '--standalone', directory);

    expect({ code, served }).toEqual({ code: 1, served: [] });
    expect(err).toBe(`crisol: ${directory}/config.toml:4: cri.scoket: unknown key (nearest known key: "socket")\n`);
  });

  it('checks a configuration and the host', async () => {
    writeFileSync(
      join(directory, 'config.toml'),
      'version = 1\n[runtimes.runc]\nkind = "oci"\npath = "sh"\n[monitor]\nconmon = "/absent/conmon"\n',
    );

    const { code, err } = await crisol('config', 'check', '--standalone', directory);

    expect(code).toBe(1);
    expect(err).toContain('error: monitor.conmon: "/absent/conmon" does not exist: install it, or correct the path\n');
    expect(await crisol('config', 'check', '--config', join(directory, 'absent'))).toMatchObject({
      code: 1,
      err: `${directory}/absent: no such file\n`,
    });
  });

  it('prints the default configuration and the version', async () => {
    expect(await crisol('config', 'default')).toMatchObject({
      code: 0,
      out: expect.stringContaining('[runtimes.runc]'),
    });
    expect(await crisol('version')).toMatchObject({ code: 0, out: expect.stringMatching(/^crisol \d+\.\d+\.\d+\n/) });
  });

  it('says so when no daemon is there', async () => {
    writeFileSync(join(directory, 'config.toml'), 'version = 1\n');

    expect(await crisol('image', 'list', '--standalone', directory)).toMatchObject({
      code: 1,
      err: `crisol: cannot reach the daemon at "${directory}/crisol.sock": there is no such socket; is "crisol serve" running?\n`,
    });
  });
});
