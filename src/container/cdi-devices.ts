// CDI devices of a container: specs are read from their directories anew each time, as vendors rewrite them.
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, failedPrecondition, isErrno } from '../errors.ts';
import type { ResolvedEdits } from '../oci/cdi/apply-edits.ts';
import { parseCdiSpec, type CdiEdits, type CdiSpec } from '../oci/cdi/cdi-spec.ts';
import { resolveNode } from './cdi-nodes.ts';

/** Where vendors put specs: what is configured, then what is made at boot. A later directory wins. */
export const CDI_DIRECTORIES: readonly string[] = ['/etc/cdi', '/var/run/cdi'];

interface SpecFile {
  readonly path: string;
  readonly spec: CdiSpec;
}

interface Registry {
  /** One list per directory, the most important first. */
  readonly directories: readonly (readonly SpecFile[])[];
  /** Why files were not used. */
  readonly problems: readonly string[];
}

/**
 * What the named devices change: the edits of each spec once, before those of its devices.
 * @param names from `requestedCdiDevices`
 * @throws failed-precondition that names the device which is not there, is there twice, or lacks its node
 */
export async function findCdiEdits(names: readonly string[], directories = CDI_DIRECTORIES): Promise<ResolvedEdits[]> {
  if (names.length === 0) return [];
  const registry = await readRegistry(directories);
  const specs = new Set<CdiSpec>();
  const edits: ResolvedEdits[] = [];
  for (const name of names) {
    const { spec, device } = findDevice(registry, name, directories);
    if (!specs.has(spec) && spec.containerEdits !== undefined)
      edits.push(await resolveEdits(name, spec.containerEdits));
    specs.add(spec);
    edits.push(await resolveEdits(name, device.containerEdits));
  }
  return edits;
}

async function resolveEdits(name: string, { deviceNodes, ...rest }: CdiEdits): Promise<ResolvedEdits> {
  try {
    return { ...rest, nodes: await Promise.all((deviceNodes ?? []).map(resolveNode)) };
  } catch (error) {
    throw failedPrecondition(`CDI device "${name}" cannot be used: ${errorMessage(error)}`);
  }
}

function findDevice(registry: Registry, name: string, directories: readonly string[]) {
  const [kind, short] = name.split('=');
  for (const files of registry.directories) {
    const found = files.flatMap(({ path, spec }) =>
      spec.kind === kind
        ? spec.devices.filter((device) => device.name === short).map((device) => ({ path, spec, device }))
        : [],
    );
    const [first, second] = found;
    if (first === undefined) continue;
    if (second === undefined) return first;
    throw failedPrecondition(`CDI device "${name}" is defined twice: in "${first.path}" and in "${second.path}"`);
  }
  const why = registry.problems.map((problem) => `; ${problem}`).join('');
  throw failedPrecondition(`CDI device "${name}" is in no spec of ${directories.join(', ')}${why}`);
}

async function readRegistry(directories: readonly string[]): Promise<Registry> {
  const read = await Promise.all(directories.map(readDirectory));
  return {
    directories: read.map(({ files }) => files).reverse(),
    problems: read.flatMap(({ problems }) => problems),
  };
}

async function readDirectory(directory: string): Promise<{ files: SpecFile[]; problems: string[] }> {
  const files: SpecFile[] = [];
  const problems: string[] = [];
  for (const name of await fileNames(directory)) {
    const path = join(directory, name);
    if (!/\.(json|yaml|yml)$/.test(name)) continue;
    try {
      if (!(await stat(path)).isFile()) continue;
      files.push({ path, spec: await parseCdiSpec(await readFile(path, 'utf8'), path) });
    } catch (error) {
      // One vendor's broken file is no reason to refuse the devices of others.
      problems.push(errorMessage(error));
    }
  }
  return { files, problems };
}

async function fileNames(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return [];
    throw error;
  }
}
