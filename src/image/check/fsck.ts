// Checks every blob and every unpacked layer against its digest, sets the damaged ones aside and gets them anew. Works
// beside everything else: pulls, containers and removals go on.
import { DiskChores } from '../../host/disk-usage.ts';
import { errorMessage } from '../../errors.ts';
import type { Catalog } from '../catalog.ts';
import type { ContentStore } from '../content/store.ts';
import { splitDigest } from '../digest.ts';
import type { StoredImage } from '../image-record.ts';
import type { Layers } from '../layer-contract.ts';
import type { Leases } from '../leases.ts';

export interface FsckDeps {
  readonly catalog: Catalog;
  readonly content: ContentStore;
  readonly layers: Layers;
  readonly leases: Leases;
  /** Where damaged files go. */
  readonly quarantine: string;
  /** Fetches and unpacks what an image lacks. @throws when it cannot be had any more */
  readonly restore: (image: StoredImage) => Promise<void>;
}

export interface FsckFinding {
  readonly kind: 'blob' | 'layer' | 'image';
  /** Digest of a blob, chain id of a layer, id of an image. */
  readonly digest: string;
  readonly problem: string;
  /** What was done about it. */
  readonly outcome: string;
}

export interface FsckReport {
  readonly blobs: number;
  readonly layers: number;
  /** Layers that had nothing to be compared with: they have from now on. */
  readonly unproven: number;
  readonly findings: readonly FsckFinding[];
}

interface Damage {
  readonly kind: 'blob' | 'layer';
  readonly digest: string;
  readonly problem: string;
}

/** @param repair whether to mend what is found; otherwise nothing is touched */
export async function fsck(deps: FsckDeps, repair: boolean): Promise<FsckReport> {
  const release = deps.leases.holdAll();
  const chores = new DiskChores();
  try {
    const { content, layers } = deps;
    const blobs = content.list();
    const chainIds = layers.list();
    const damages: Damage[] = [];
    for (const digest of blobs) damages.push(...(await checkBlob(content, chores, digest)));
    let unproven = 0;
    for (const digest of chainIds) {
      if (!layers.has(digest)) continue;
      const health = await layers.verify(digest);
      if (health.state === 'unproven') unproven += 1;
      if (health.state === 'damaged') damages.push({ kind: 'layer', digest, problem: health.why });
    }
    damages.push(...findMissing(deps));
    const findings = repair ? await mend(deps, damages) : damages.map((each) => ({ ...each, outcome: 'nothing done' }));
    return { blobs: blobs.length, layers: chainIds.length, unproven, findings };
  } finally {
    release();
    await chores.stop();
  }
}

async function checkBlob(content: ContentStore, chores: DiskChores, digest: string): Promise<Damage[]> {
  if (!content.has(digest)) return [];
  try {
    const found = await chores.hash(content.path(digest), splitDigest(digest).algorithm);
    return found === digest ? [] : [{ kind: 'blob', digest, problem: `its content has digest "${found}"` }];
  } catch (error) {
    // Removed while we were reading it.
    if (!content.has(digest)) return [];
    return [{ kind: 'blob', digest, problem: `it cannot be read: ${errorMessage(error)}` }];
  }
}

/** What records name and is not there at all. */
function findMissing({ catalog, content, layers }: FsckDeps): Damage[] {
  const images = catalog.stored();
  const blobs = new Set(images.flatMap((image) => image.content.filter((digest) => !content.has(digest))));
  const chainIds = new Set(images.flatMap((image) => image.layers.filter((chainId) => !layers.has(chainId))));
  return [
    ...[...blobs].map((digest): Damage => ({ kind: 'blob', digest, problem: 'it is missing' })),
    ...[...chainIds].map((digest): Damage => ({ kind: 'layer', digest, problem: 'it is missing' })),
  ];
}

async function mend(deps: FsckDeps, damages: readonly Damage[]): Promise<FsckFinding[]> {
  const { catalog, content, layers, quarantine } = deps;
  for (const { kind, digest } of damages) await (kind === 'blob' ? content : layers).setAside(digest, quarantine);
  const damaged = new Set(damages.map(({ digest }) => digest));
  const failures = new Map<string, string>();
  const findings: FsckFinding[] = [];
  for (const image of catalog.stored()) {
    if (![...image.content, ...image.layers].some((digest) => damaged.has(digest))) continue;
    try {
      await deps.restore(image);
    } catch (error) {
      const why = errorMessage(error);
      for (const digest of [...image.content, ...image.layers]) failures.set(digest, why);
      if (image.layers.every((chainId) => layers.has(chainId))) continue;
      // An image that lacks a layer must not look as if it were here: nobody would pull it again.
      await catalog.remove(image.id);
      const name = image.repoTags[0] ?? image.repoDigests[0] ?? image.id;
      const outcome = 'taken out of the list of images: pull or import it again';
      findings.push({ kind: 'image', digest: image.id, problem: `"${name}" lacks a layer`, outcome });
    }
  }
  const isBack = ({ kind, digest }: Damage) => (kind === 'blob' ? content.has(digest) : layers.has(digest));
  const outcomeOf = (damage: Damage): string => {
    if (isBack(damage)) return 'set aside and got anew';
    const why = failures.get(damage.digest);
    return why === undefined ? 'set aside; no image needs it' : `set aside; cannot be got again: ${why}`;
  };
  return [...damages.map((damage) => ({ ...damage, outcome: outcomeOf(damage) })), ...findings];
}
