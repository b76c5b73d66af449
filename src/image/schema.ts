// The shapes of the JSON that registries and archives hold. Loose: only the fields in use are checked.
import { z } from 'zod';
import { isDigest } from './digest.ts';

const Digest = z.string().refine(isDigest, 'is not a sha256 or sha512 digest');
const Annotations = z.record(z.string(), z.string()).nullish();

const PlatformFields = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
});

/** A pointer to content. @see OCI image-spec, descriptor.md */
export const Descriptor = z.object({
  mediaType: z.string().default(''),
  digest: Digest,
  size: z.number().int().nonnegative(),
  annotations: Annotations,
  platform: PlatformFields.optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

/** OCI image index and Docker manifest list. */
export const ImageIndex = z.object({
  mediaType: z.string().optional(),
  manifests: z.array(Descriptor),
});
export type ImageIndex = z.infer<typeof ImageIndex>;

/** OCI image manifest and Docker schema 2 manifest. */
export const ImageManifest = z.object({
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: Descriptor,
  layers: z.array(Descriptor),
  annotations: Annotations,
});
export type ImageManifest = z.infer<typeof ImageManifest>;

const Strings = z.array(z.string()).nullish();

/** The image configuration. @see OCI image-spec, config.md */
export const ConfigFile = z.object({
  os: z.string().default(''),
  architecture: z.string().default(''),
  variant: z.string().optional(),
  config: z
    .object({
      User: z.string().nullish(),
      Env: Strings,
      Entrypoint: Strings,
      Cmd: Strings,
      WorkingDir: z.string().nullish(),
      StopSignal: z.string().nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  rootfs: z.object({ diff_ids: z.array(Digest).nullish() }),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** `manifest.json` of a `docker save` archive. */
export const DockerArchive = z.array(
  z.object({ Config: z.string(), RepoTags: Strings, Layers: z.array(z.string()).nullish() }),
);
export type DockerArchive = z.infer<typeof DockerArchive>;
