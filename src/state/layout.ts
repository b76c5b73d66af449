// Every path crisol keeps state in, in one place.
import { join } from 'node:path';

/** Directories below the persistent root and the volatile run directory. */
export class Layout {
  readonly root: string;
  readonly run: string;

  constructor(root: string, run: string) {
    this.root = root;
    this.run = run;
  }

  get sandboxRecords(): string {
    return join(this.root, 'sandboxes');
  }

  get containerRecords(): string {
    return join(this.root, 'containers');
  }

  get images(): string {
    return join(this.root, 'image');
  }

  /** What CNI ADD was asked for, written before it is asked. */
  get cniCache(): string {
    return join(this.root, 'cni');
  }

  /** Address leases of the embedded network. */
  get leases(): string {
    return join(this.root, 'leases');
  }

  get preflightCache(): string {
    return join(this.root, 'preflight');
  }

  /** A pod's files that are mounted into its containers: resolv.conf, hosts, hostname. */
  sandboxFiles(id: string): string {
    return join(this.run, 'sandboxes', id);
  }

  sandboxFilesRoot(): string {
    return join(this.run, 'sandboxes');
  }

  /** Pinned namespaces of a pod. */
  namespaces(id: string): string {
    return join(this.run, 'ns', id);
  }

  namespacesRoot(): string {
    return join(this.run, 'ns');
  }

  /** A container's bundle. */
  bundle(id: string): string {
    return join(this.run, 'c', id);
  }

  bundlesRoot(): string {
    return join(this.run, 'c');
  }

  get exits(): string {
    return join(this.run, 'exits');
  }

  get persist(): string {
    return join(this.run, 'persist');
  }

  /** Short on purpose: conmon's attach sockets live below it and a socket path holds 107 bytes. */
  get attach(): string {
    return join(this.run, 'a');
  }

  runtimeRoot(handler: string): string {
    return join(this.run, 'rt', handler);
  }

  /** Not below /run, where distributions let nothing be executed. */
  get pauseRootfs(): string {
    return join(this.root, 'pause');
  }

  get lock(): string {
    return join(this.run, 'crisol.lock');
  }
}
