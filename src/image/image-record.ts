// What is known of an image, in memory and on disk.
import { z } from 'zod';
import { isDigest } from './digest.ts';
import { Descriptor } from './schema.ts';

const Digest = z.string().refine(isDigest, 'is not a digest');
const Strings = z.array(z.string()).readonly();

const ImageConfigSchema = z.strictObject({
  user: z.string(),
  env: Strings,
  entrypoint: Strings,
  cmd: Strings,
  workingDir: z.string(),
  stopSignal: z.string(),
  volumes: Strings,
  labels: z.record(z.string(), z.string()).readonly(),
  raw: z.unknown(),
});

/** The fields of an image config that a container is made from; empty string or list when the image says nothing. */
export interface ImageConfig {
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly stopSignal: string;
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The whole config document, for verbose answers. */
  readonly raw: unknown;
}

/** One proof that an image may be trusted. */
const VerificationSchema = z.strictObject({
  /** `domain/path` the signature names. */
  repository: z.string(),
  /** The digest it names. */
  digest: Digest,
  /** Digest of the public key that made it. */
  key: z.string(),
});
export type Verification = z.infer<typeof VerificationSchema>;

/** An image, immutable; a change makes a new record. */
export interface ImageRecord {
  /** `sha256:` and the digest of the config, or an artifact's manifest: the id used everywhere in the CRI. */
  readonly id: string;
  /** Full references, such as `docker.io/library/busybox:latest`. */
  readonly repoTags: readonly string[];
  /** Full references by digest, of the index when the image came through one. */
  readonly repoDigests: readonly string[];
  /** Compressed bytes of its layers and config; above 0. */
  readonly sizeBytes: number;
  /** Chain ids, bottom first. */
  readonly layers: readonly string[];
  readonly config: ImageConfig;
  /** Of the manifest for this host's platform. */
  readonly manifestDigest: string;
  /** The handler it was pulled for; empty for the default. Part of the key. */
  readonly runtimeHandler: string;
  readonly pinned: boolean;
  /** Of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Nanoseconds since the epoch, decimal. */
  readonly pulledAt: string;
  /** What was proven of it by signatures, for the content policy. */
  readonly verifications: readonly Verification[];
  /** Of an OCI artifact: it has files but no program, so it can be mounted only. Empty for an image. */
  readonly artifactType: string;
}

/** The record as it is stored: `pinned` follows the configuration, the rest is added for the store's own use. */
export const StoredImage = z.strictObject({
  version: z.literal(1),
  id: Digest,
  repoTags: Strings,
  repoDigests: Strings,
  sizeBytes: z.number().positive(),
  layers: z.array(Digest).readonly(),
  config: ImageConfigSchema,
  manifestDigest: Digest,
  runtimeHandler: z.string(),
  annotations: z.record(z.string(), z.string()).readonly(),
  pulledAt: z.string().regex(/^\d+$/),
  /** The manifest or index each name points to, for the layout's index. */
  target: Descriptor,
  /** Digests of every blob that belongs to it. */
  content: z.array(Digest).readonly(),
  /** Removed by name while a container still ran on it: hidden, but its layers stay. */
  removed: z.boolean(),
  verifications: z.array(VerificationSchema).readonly().default([]),
  artifactType: z.string().default(''),
});
export type StoredImage = z.infer<typeof StoredImage>;

/** What tells two records apart: the same image for two handlers is two records. */
export function imageKey(image: Pick<ImageRecord, 'id' | 'runtimeHandler'>): string {
  return `${image.runtimeHandler}\n${image.id}`;
}
