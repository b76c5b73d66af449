// The names of everything that lies in a container's bundle.
import { join } from 'node:path';

export interface BundleFiles {
  readonly config: string;
  readonly pid: string;
  readonly monitorPid: string;
  /** The runtime's log of the create call. */
  readonly createLog: string;
  /** FIFO for commands to the monitor. */
  readonly control: string;
  readonly windowSize: string;
  readonly attach: string;
  /** The monitor's own copy of the exit code. */
  readonly exit: string;
  /** Exists when the kernel killed for lack of memory. */
  readonly oom: string;
}

export function bundleFiles(bundle: string): BundleFiles {
  return {
    config: join(bundle, 'config.json'),
    pid: join(bundle, 'pidfile'),
    monitorPid: join(bundle, 'conmon-pidfile'),
    createLog: join(bundle, 'create.log'),
    control: join(bundle, 'ctl'),
    windowSize: join(bundle, 'winsz'),
    attach: join(bundle, 'attach'),
    exit: join(bundle, 'exit'),
    oom: join(bundle, 'oom'),
  };
}
