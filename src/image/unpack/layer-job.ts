// What the main thread and a layer Worker say to each other.
import type { ErrorCode } from '../../errors.ts';
import type { LayerMode } from './layer-tree.ts';
import type { LayerLimits } from './limits.ts';

/** The compressed layer as a Worker finds it. */
export interface LayerBlob {
  /** The blob's file, or where it will be. */
  readonly path: string;
  /** While it arrives: the growing file, its gauge's memory, and the size it will have. */
  readonly arrival?: { readonly path: string; readonly shared: SharedArrayBuffer; readonly sizeBytes: number };
}

export interface LayerJob {
  readonly blob: LayerBlob;
  /** Absolute path of the directory the layer grows in: the Worker's root. */
  readonly root: string;
  readonly mode: LayerMode;
  readonly limits: LayerLimits;
}

export type LayerOutcome =
  | {
      readonly kind: 'done';
      /** `sha256:HEX` of the uncompressed bytes. */
      readonly diffId: string;
      readonly bytes: number;
      readonly inodes: number;
    }
  /** The bytes that were followed are not the blob after all. */
  | { readonly kind: 'void' }
  | { readonly kind: 'needs-parents'; readonly why: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };
