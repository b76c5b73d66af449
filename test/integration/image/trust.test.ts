import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageService, type ImageRecord } from '../../../src/image/service.ts';
import { loadPolicy, type PolicySettings } from '../../../src/image/trust/load-policy.ts';
import { LayerStore } from '../../../src/image/unpack/layer-store.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { makeKey, pushSignatures, signPayload } from '../../support/cosign.ts';
import { DockerRegistry } from '../../support/docker-registry.ts';
import { writeLayout } from '../../support/oci-layout.ts';
import { tar } from '../../support/tar-builder.ts';

const log = createLogger('fatal');
const keys = { ecdsa: makeKey(), rsa: makeKey('rsa'), ed25519: makeKey('ed25519'), stranger: makeKey() };

let directory: string;
let registry: DockerRegistry;
let image: string;
let digest: string;
beforeAll(async () => {
  directory = mkdtempSync('/var/tmp/crisol-trust-');
  registry = await DockerRegistry.start(directory);
  digest = writeLayout(join(directory, 'layout'), [tar([{ path: 'a', content: 'signed' }])]).manifestDigest;
  for (const [name, { pem }] of Object.entries(keys)) writeFileSync(join(directory, `${name}.pub`), pem);
}, 30_000);
afterAll(async () => {
  await registry.stop();
  rmSync(directory, { recursive: true, force: true });
});

let root: string;
let store: LayerStore;
let service: ImageService;
beforeEach(async () => {
  root = mkdtempSync('/var/tmp/crisol-images-');
  store = await LayerStore.open({ root: join(root, 'layers'), log });
  service = await open('accept', { [`${registry.address}/team`]: signedBy('ecdsa', 'rsa', 'ed25519') });
});
afterEach(async () => {
  await service.close();
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

function signedBy(...names: (keyof typeof keys)[]): PolicySettings['scopes'][string] {
  return { require: 'signed', keys: names.map((name) => join(directory, `${name}.pub`)) };
}

async function open(fallback: 'accept' | 'reject', scopes: PolicySettings['scopes']): Promise<ImageService> {
  const policy = loadPolicy({ fallback, scopes });
  return ImageService.open({
    ...{ root, policy, hostsDirs: [], maxConcurrentLayers: 3, pinned: [], layers: store, log },
    inUse: () => new Set<string>(),
  });
}

async function reopen(fallback: 'accept' | 'reject', scopes: PolicySettings['scopes']): Promise<void> {
  await service.close();
  service = await open(fallback, scopes);
}

/** Pushes the image under a name of its own and returns how to pull it. */
async function push(repository: string): Promise<string> {
  image = `${registry.address}/${repository}`;
  // Compressed on the way, it would have another digest than the one that is signed.
  await registry.push(join(directory, 'layout'), `${repository}:1`, ['--preserve-digests']);
  return image;
}

function pull(reference: string): Promise<ImageRecord> {
  return service.pull({ reference, runtimeHandler: '', signal: new AbortController().signal });
}

describe('ImageService under a policy that asks for signatures', () => {
  it.each(['ecdsa', 'rsa', 'ed25519'] as const)('pulls what a configured key of type %s has signed', async (kind) => {
    const reference = await push(`team/${kind}`);
    await pushSignatures(registry.address, `team/${kind}`, digest, [
      signPayload(keys.stranger, { reference, digest }),
      signPayload(keys[kind], { reference, digest }),
    ]);

    const record = await pull(`${reference}:1`);

    expect(record.verifications).toMatchObject([{ repository: reference, digest }]);
    expect(() => service.requireTrusted(record, `${reference}:1`)).not.toThrow();
    expect(() => service.requireTrusted(record, record.id)).not.toThrow();
  });

  it.each<{ name: string; sign: (reference: string) => readonly (readonly [Buffer, Buffer])[]; why: string }>([
    { name: 'no-signatures', sign: () => [], why: 'has no signature' },
    {
      name: 'wrong-key',
      sign: (reference) => [signPayload(keys.stranger, { reference, digest })],
      why: 'it was made with none of the configured keys',
    },
    {
      name: 'wrong-digest',
      sign: (reference) => [signPayload(keys.ecdsa, { reference, digest: `sha256:${'0'.repeat(64)}` })],
      why: `it is for digest "sha256:${'0'.repeat(64)}"`,
    },
    {
      name: 'replayed',
      sign: () => [signPayload(keys.ecdsa, { reference: 'other.test/team/app', digest })],
      why: 'it is for repository "other.test/team/app"',
    },
    {
      name: 'altered',
      sign: (reference) => [
        [
          signPayload(keys.ecdsa, { reference: 'x.test/a', digest })[0],
          signPayload(keys.ecdsa, { reference, digest })[1],
        ],
      ],
      why: 'it was made with none of the configured keys',
    },
    {
      name: 'other-kind',
      sign: (reference) => [signPayload(keys.ecdsa, { reference, digest, type: 'atomic container signature' })],
      why: 'it is of type "atomic container signature"',
    },
  ])('refuses $name and keeps nothing', async ({ name, sign, why }) => {
    const reference = await push(`team/${name}`);
    await pushSignatures(registry.address, `team/${name}`, digest, sign(reference));

    await expect(pull(`${reference}:1`)).rejects.toMatchObject({
      code: 'permission-denied',
      message: expect.stringMatching(
        new RegExp(`^SignatureValidationFailed: pulling image "${reference}:1": .*${why}`),
      ),
    });

    expect(service.list()).toEqual([]);
    expect(service.fsInfo().usedBytes).toBe(0);
  });

  it('refuses an image without a signature tag, and pulls it from a repository of which nothing is asked', async () => {
    const reference = await push('team/unsigned');
    await expect(pull(`${reference}:1`)).rejects.toThrow(/^SignatureValidationFailed: .* has no signature/);

    const record = await pull(`${await push('free/unsigned')}:1`);

    expect(() => service.requireTrusted(record, record.id)).not.toThrow();
  });

  it('does not take a signature from another repository for the name a pod asks for', async () => {
    const free = await pull(`${await push('free/app')}:1`);
    const wanted = await push('team/app');
    await reopen('accept', { [wanted]: signedBy('ecdsa') });
    const record = { ...free, repoTags: [...free.repoTags, `${wanted}:1`] };

    expect(() => service.requireTrusted(record, `${wanted}:1`)).toThrow(/^SignatureValidationFailed: .*never proven/);
    expect(() => service.requireTrusted(record, `${registry.address}/free/app:1`)).not.toThrow();
  });

  it('asks again for what is here already: a policy made stricter stops new containers until the image is proven', async () => {
    const reference = await push('later/app');
    const record = await pull(`${reference}:1`);
    await pushSignatures(registry.address, 'later/app', digest, [signPayload(keys.ecdsa, { reference, digest })]);
    await reopen('reject', { [registry.address]: signedBy('ecdsa') });
    const before = service.find(record.id)!;
    expect(() => service.requireTrusted(before, `${reference}:1`)).toThrow(/pull it again/);

    await pull(`${reference}:1`);
    const proven = service.find(record.id)!;
    expect(() => service.requireTrusted(proven, `${reference}:1`)).not.toThrow();

    // A key that is taken out of the policy takes its proofs along.
    await reopen('reject', { [registry.address]: signedBy('rsa') });
    expect(() => service.requireTrusted(service.find(record.id)!, '')).toThrow(/^SignatureValidationFailed: /);
  });

  it('refuses everything by default when told so', async () => {
    await reopen('reject', { [`${registry.address}/free`]: { require: 'accept', keys: [] } });

    await expect(pull(`${await push('other/app')}:1`)).rejects.toThrow(/is refused by images.policy.default/);
    await expect(pull(`${await push('free/ok')}:1`)).resolves.toMatchObject({ verifications: [] });
  });
});

describe('loadPolicy()', () => {
  it('names the file that is no key', () => {
    const file = join(directory, 'no.pub');
    writeFileSync(file, 'ssh-ed25519 AAAA');

    expect(() => loadPolicy({ fallback: 'accept', scopes: { 'a.test': { require: 'signed', keys: [file] } } })).toThrow(
      `key "${file}" holds no PEM block "PUBLIC KEY"`,
    );
  });
});
