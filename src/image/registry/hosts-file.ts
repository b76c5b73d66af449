// Reads one registry's directory: hosts.toml, or the bare certificates of a certs.d directory.
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { errorMessage, failedPrecondition, isErrno } from '../../errors.ts';
import { defaultHost, type Capability, type ClientPair, type RegistryHost, type TlsOptions } from './host.ts';
import { HostsFile, type HostTable } from './hosts-schema.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/**
 * The hosts that the directory names for `domain`, in the order to try them: mirrors as written, then the server.
 * @returns undefined when the directory is not there or holds nothing of use
 * @throws failed-precondition naming the file when it cannot be understood
 */
export async function readHostsDirectory(
  directory: string,
  domain: string,
): Promise<readonly RegistryHost[] | undefined> {
  const path = join(directory, 'hosts.toml');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return readCertificates(directory, domain);
    throw error;
  }
  const file = parseHostsFile(path, text);
  const hosts: RegistryHost[] = [];
  for (const [address, table] of Object.entries(file.host ?? {}))
    hosts.push(await toHost(directory, path, address, table, { names: [], isMirror: true }));
  const fallback = defaultHost(domain);
  const server = file.server === undefined || file.server === '' ? fallback.url.origin : file.server;
  const isUpstream = withScheme(server).host === fallback.url.host;
  hosts.push(await toHost(directory, path, server, file, { names: fallback.names, isMirror: !isUpstream }));
  return hosts;
}

function parseHostsFile(path: string, text: string): HostsFile {
  let toml: unknown;
  try {
    toml = parse(text);
  } catch (error) {
    throw failedPrecondition(`registry configuration "${path}" is not TOML: ${errorMessage(error)}`, error);
  }
  const parsed = HostsFile.safeParse(toml);
  if (!parsed.success) throw failedPrecondition(`registry configuration "${path}": ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function withScheme(address: string): URL {
  return new URL(address.includes('://') ? address : defaultHost(address).url.protocol + `//${address}`);
}

async function toHost(
  directory: string,
  file: string,
  address: string,
  table: HostTable,
  role: Pick<RegistryHost, 'names' | 'isMirror'>,
): Promise<RegistryHost> {
  let url: URL;
  try {
    url = withScheme(address);
  } catch (error) {
    throw failedPrecondition(`registry configuration "${file}": "${address}" is not a URL`, error);
  }
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = table.override_path === true || path.endsWith('/v2') ? path : `${path}/v2`;
  const capabilities = (table.capabilities ?? ['pull', 'resolve']).filter(isCapability);
  return {
    url,
    names: [...role.names, url.host],
    isMirror: role.isMirror,
    capabilities,
    headers: Object.fromEntries(Object.entries(table.header ?? {}).map(([name, values]) => [name, values.join(', ')])),
    tls: await readTls(directory, table),
    dialTimeoutMs: parseDuration(table.dial_timeout),
  };
}

function isCapability(text: string): text is Capability {
  return text === 'pull' || text === 'resolve';
}

function parseDuration(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
}

async function readTls(directory: string, table: HostTable): Promise<TlsOptions> {
  const read = (path: string) => readFile(isAbsolute(path) ? path : join(directory, path), 'utf8');
  const entries = table.client === undefined ? [] : Array.isArray(table.client) ? table.client : [table.client];
  const clients: ClientPair[] = [];
  for (const entry of entries) {
    // One file may hold both the certificate and its key.
    const [certPath = '', keyPath = certPath] = Array.isArray(entry) ? entry : [entry];
    clients.push({ cert: await read(certPath), key: await read(keyPath) });
  }
  return { ca: await Promise.all((table.ca ?? []).map(read)), clients, skipVerify: table.skip_verify ?? false };
}

async function readCertificates(directory: string, domain: string): Promise<readonly RegistryHost[] | undefined> {
  let names: readonly string[];
  try {
    names = (await readdir(directory)).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
  const ca = names.filter((name) => name.endsWith('.crt'));
  const client = names.filter((name) => name.endsWith('.cert')).map((name) => [name, name.replace(/\.cert$/, '.key')]);
  if (ca.length === 0 && client.length === 0) return undefined;
  return [defaultHost(domain, await readTls(directory, { ca, client }))];
}
