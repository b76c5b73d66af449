// What the main thread and a layer Worker say to each other.
import type { ErrorCode } from '../../errors.ts';
import type { LayerMode } from './layer-tree.ts';
import type { LayerLimits } from './limits.ts';

export interface LayerJob {
  /** The blob's file. */
  readonly blob: string;
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
  | { readonly kind: 'needs-parents'; readonly why: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };
