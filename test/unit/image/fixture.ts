// An image service on a temporary directory, with fake layers and a fake registry.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageService, type ImageServiceOptions, type PullRequest } from '../../../src/image/service.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { FakeLayers } from '../../fakes/fake-layers.ts';
import { FakeRegistry } from '../../fakes/fake-registry.ts';

export interface Fixture {
  readonly root: string;
  readonly registry: FakeRegistry;
  readonly layers: FakeLayers;
  readonly inUse: Set<string>;
  service: ImageService;
  /** Opens the service again, as after a crash. */
  readonly reopen: (options?: Partial<ImageServiceOptions>) => Promise<void>;
  /** Pulls `NAME` from the fake registry. */
  readonly pull: (name: string, options?: Partial<PullRequest>) => ReturnType<ImageService['pull']>;
  readonly close: () => Promise<void>;
}

export async function makeFixture(): Promise<Fixture> {
  const root = await mkdtemp(join(tmpdir(), 'crisol-image-'));
  const registry = new FakeRegistry();
  await registry.listen();
  const layers = new FakeLayers();
  const inUse = new Set<string>();
  const open = (options: Partial<ImageServiceOptions> = {}) =>
    ImageService.open({
      root: join(root, 'store'),
      hostsDirs: [join(root, 'hosts')],
      maxConcurrentLayers: 3,
      pinned: [],
      timeouts: { connectMs: 1500, headersMs: 1500, bodyMs: 1500 },
      layers,
      log: createLogger('fatal'),
      inUse: () => inUse,
      ...options,
    });
  const fixture: Fixture = {
    root,
    registry,
    layers,
    inUse,
    service: await open(),
    reopen: async (options) => {
      await fixture.service.close();
      fixture.service = await open(options);
    },
    pull: (name, options) =>
      fixture.service.pull({
        reference: `${registry.address}/${name}`,
        runtimeHandler: '',
        signal: new AbortController().signal,
        ...options,
      }),
    close: async () => {
      await fixture.service.close();
      await registry.close();
      await rm(root, { recursive: true, force: true });
    },
  };
  return fixture;
}
