// Overlay mounts of any number of layers, whatever their paths.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { errorMessage, internal } from '../../errors.ts';
import { contextOptions, makeMount, type Mount } from '../../host/mounts.ts';

export interface OverlayMount {
  /** Layer directories, topmost first; at least one, or two when nothing is writable. */
  readonly lower: readonly string[];
  /** Both on one file system; a view without them is read-only. */
  readonly writable?: { readonly upper: string; readonly work: string };
  /** Existing directory to mount on. */
  readonly target: string;
  /** SELinux label of everything in it. */
  readonly label?: string | undefined;
  /** Existing directory for short-lived links, used when the options would not fit. */
  readonly scratch: string;
}

// The kernel cuts options at one page.
const MAX_OPTION_BYTES = 4000;

// Set by some distributions, these would let the upper directory hold references instead of files and directories.
const FEATURES_OFF = ['index', 'metacopy', 'redirect_dir'].filter((name) =>
  existsSync(`/sys/module/overlay/parameters/${name}`),
);

/** The mount of layers as they are named: by paths without `:`, `,` and `\\`. */
export function toMount({ lower, writable, target, label }: Omit<OverlayMount, 'scratch'>): Mount {
  const layers = [`lowerdir=${lower.join(':')}`];
  if (writable !== undefined) layers.push(`upperdir=${writable.upper}`, `workdir=${writable.work}`);
  const features = FEATURES_OFF.map((name) => `${name}=off`);
  return {
    type: 'overlay',
    source: 'overlay',
    target,
    options: [...(writable === undefined ? ['ro'] : []), ...features, ...contextOptions(label), ...layers],
  };
}

function isPlain(mount: Mount, paths: readonly string[]): boolean {
  return Buffer.byteLength(mount.options.join(',')) <= MAX_OPTION_BYTES && !paths.some((path) => /[:,\\]/.test(path));
}

/** Mounts an overlay. @throws KernelError or internal with the reason of the kernel */
export async function mountOverlay(overlay: OverlayMount): Promise<void> {
  const { lower, writable } = overlay;
  const mount = toMount(overlay);
  const paths = [...lower, ...(writable === undefined ? [] : [writable.upper, writable.work])];
  if (isPlain(mount, paths)) makeMount(mount);
  else await mountByLinks(overlay);
}

// Links with short names stand for the layers; the kernel resolves them while it mounts and forgets them.
async function mountByLinks({ lower, writable, scratch, ...rest }: OverlayMount): Promise<void> {
  const links = `${scratch}/links-${randomUUID()}`;
  await mkdir(links, { mode: 0o700 });
  try {
    await Promise.all(lower.map((layer, index) => symlink(layer, `${links}/${index}`)));
    if (writable !== undefined) {
      await symlink(writable.upper, `${links}/u`);
      await symlink(writable.work, `${links}/w`);
    }
    const names = lower.map((_, index) => String(index));
    const short = writable && { writable: { upper: 'u', work: 'w' } };
    await mountIn(links, toMount({ ...rest, ...short, lower: names }));
  } finally {
    await rm(links, { recursive: true, force: true });
  }
}

// A working directory belongs to a whole process, except in a thread that has taken one of its own.
async function mountIn(directory: string, mount: Mount): Promise<void> {
  const worker = new Worker(new URL('./mount-worker.js', import.meta.url), { workerData: { directory, mount } });
  let failure: string | undefined;
  let crash: unknown;
  worker.once('message', (message: { readonly error?: string }) => (failure = message.error ?? ''));
  worker.once('error', (error) => (crash = error));
  await new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  if (failure !== '') throw internal(`mounting an overlay: ${failure ?? errorMessage(crash)}`, crash);
}
