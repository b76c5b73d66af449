// What the main thread and the download Worker say to each other.
import type { ErrorCode } from '../../errors.ts';
import type { RegistryTimeouts } from '../registry/limits.ts';
import type { DocumentName, FetchedDocument } from '../registry/documents.ts';
import type { RepositorySeed } from '../registry/seed.ts';
import type { Descriptor } from '../schema.ts';
import type { DownloadTuning } from './download-blob.ts';

/** Given to the Worker when it starts. */
export interface DownloadSetup {
  readonly timeouts: RegistryTimeouts;
  readonly tuning: DownloadTuning;
  /** Connections to one registry, over all downloads. */
  readonly maxConnections: number;
}

export interface DownloadJob {
  readonly kind: 'download';
  readonly id: number;
  readonly repository: RepositorySeed;
  readonly descriptor: Descriptor;
  /** Where the blob grows; bytes that are there already are kept. */
  readonly path: string;
  /** Of the file's gauge. */
  readonly shared: SharedArrayBuffer;
}

export interface ReadJob {
  readonly kind: 'read';
  readonly id: number;
  readonly repository: RepositorySeed;
  readonly name: DocumentName;
}

export type DownloadRequest = DownloadJob | ReadJob | { readonly kind: 'cancel'; readonly id: number };

export type DownloadReply =
  | {
      readonly kind: 'progress';
      readonly id: number;
      /** That the file holds. */
      readonly bytes: number;
      /** Bytes that came since the last report. */
      readonly received: number;
      /** Since the last report. */
      readonly retries: number;
    }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'document'; readonly id: number; readonly document: FetchedDocument }
  | { readonly kind: 'failed'; readonly id: number; readonly code: ErrorCode; readonly message: string };
