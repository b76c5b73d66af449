// Remembers which handlers were proved, so that a restart of the daemon does not prove them again.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../host/atomic-file.ts';
import { bootId } from '../host/procfs.ts';
import type { HandlerSpec } from './handler.ts';

const CachedFeatures = z.strictObject({
  version: z.string(),
  source: z.enum(['reported', 'configured', 'unknown']),
  recursiveReadOnlyMounts: z.boolean(),
  userNamespaces: z.boolean(),
  sandboxProcess: z.boolean(),
  containerCgroups: z.boolean(),
  portForward: z.enum(['netns', 'pod-address', 'driver']),
  ownArgs: z.array(z.string()).readonly(),
  hostNetworkArgs: z.array(z.string()).readonly().nullable(),
  givesInputAway: z.boolean(),
  obeysPathRules: z.boolean(),
  selinux: z.enum(['container', 'vm', 'none']),
});

const Source = z.enum(['reported', 'configured', 'probed', 'unknown']);

const CachedSources = z.strictObject({
  recursiveReadOnlyMounts: Source,
  userNamespaces: Source,
  sandboxProcess: Source,
});

const CacheFile = z.strictObject({
  version: z.literal(6),
  handlers: z.record(z.string(), z.strictObject({ key: z.string(), features: CachedFeatures, sources: CachedSources })),
});

/** Proofs by handler name. Failures are not kept: their cause may be cured without a trace in the key. */
export type PreflightCache = z.infer<typeof CacheFile>['handlers'];

/** What a proof holds for: these binaries, this configuration, this boot of the host. */
export async function proofKey(spec: HandlerSpec, binaries: readonly string[]): Promise<string> {
  const identities = await Promise.all(
    binaries.map(async (path) => {
      const { size, mtimeNs, ino } = await stat(path, { bigint: true });
      return [path, String(size), String(mtimeNs), String(ino)];
    }),
  );
  return createHash('sha256')
    .update(JSON.stringify([spec, identities, bootId()]))
    .digest('hex');
}

/** What earlier starts proved; nothing when the file is missing or not understood. */
export async function loadPreflightCache(path: string): Promise<PreflightCache> {
  try {
    return CacheFile.parse(JSON.parse(await readFile(path, 'utf8'))).handlers;
  } catch {
    return {};
  }
}

export async function savePreflightCache(path: string, handlers: PreflightCache): Promise<void> {
  await writeFileAtomic(path, JSON.stringify({ version: 6, handlers }));
}
