// docker's config.json: credentials filed by host, or kept by a credential helper.
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage, failedPrecondition, isErrno } from '../../errors.ts';
import { DEFAULT_PATH, runCommand } from '../../host/run-command.ts';
import { parseJson } from '../manifest.ts';

const Entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

const DockerConfig = z.object({
  auths: z.record(z.string(), Entry).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});
export type DockerConfig = z.infer<typeof DockerConfig>;
export type DockerConfigEntry = z.infer<typeof Entry>;

const HelperAnswer = z.object({ Username: z.string(), Secret: z.string() });
const HELPER_TIMEOUT_MS = 20_000;
const HUB_KEY = 'https://index.docker.io/v1/';

/** @returns undefined when there is no such file @throws failed-precondition when it cannot be understood */
export async function readDockerConfig(path: string): Promise<DockerConfig | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw failedPrecondition(`docker config "${path}" cannot be read: ${errorMessage(error)}`, error);
  }
  try {
    return parseJson(DockerConfig, bytes, `docker config "${path}"`);
  } catch (error) {
    throw failedPrecondition(errorMessage(error), error);
  }
}

/** The bare host of what people write as a registry's address: without scheme, path and trailing slash. */
export function bareHost(address: string): string {
  return address.replace(/^[a-z]+:\/\//i, '').replace(/\/.*$/, '');
}

/** The entry for a host that goes by any of `names`; helpers are asked before the file's own entries, as docker does. */
export async function findDockerEntry(
  config: DockerConfig,
  names: readonly string[],
): Promise<DockerConfigEntry | undefined> {
  const keys = names.includes('docker.io') ? [HUB_KEY, ...names] : names;
  for (const key of keys) {
    const helper = config.credHelpers?.[key] ?? config.credsStore;
    const answer = helper === undefined ? undefined : await askHelper(helper, key);
    if (answer !== undefined) return answer;
  }
  return Object.entries(config.auths ?? {}).find(([key]) => names.includes(bareHost(key)))?.[1];
}

async function askHelper(helper: string, server: string): Promise<DockerConfigEntry | undefined> {
  const file = await findProgram(`docker-credential-${helper}`);
  const result = await runCommand({ file, args: ['get'], stdin: server, timeoutMs: HELPER_TIMEOUT_MS });
  // A helper that has nothing for this server says so with a failing exit.
  if (result.exitCode !== 0) return undefined;
  const answer = parseJson(HelperAnswer, result.stdout, `answer of credential helper "${helper}"`);
  if (answer.Username === '<token>') return { identitytoken: answer.Secret };
  return { username: answer.Username, password: answer.Secret };
}

async function findProgram(name: string): Promise<string> {
  for (const directory of DEFAULT_PATH.split(':')) {
    const path = join(directory, name);
    if (name.includes('/')) break;
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  throw failedPrecondition(`credential helper "${name}" is not installed in ${DEFAULT_PATH}`);
}
