// From the image config document to the fields a container is made from.
import type { ImageConfig } from './image-record.ts';
import type { ConfigFile } from './schema.ts';

/** @param raw the whole document, kept for verbose answers */
export function toImageConfig(file: ConfigFile, raw: unknown): ImageConfig {
  const { config } = file;
  return {
    user: config?.User ?? '',
    env: config?.Env ?? [],
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    workingDir: config?.WorkingDir ?? '',
    stopSignal: config?.StopSignal ?? '',
    volumes: Object.keys(config?.Volumes ?? {}),
    labels: config?.Labels ?? {},
    raw,
  };
}
