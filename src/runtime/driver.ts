// RuntimeDriver: the seam between crisol and whatever runs containers. Differences between runtimes stay behind it.
import type { Duplex, Readable, Writable } from 'node:stream';
import type { ProcessIdentity } from '../host/procfs.ts';
import type { SelinuxKind } from '../oci/selinux.ts';
import type { Process, Resources, Spec } from '../oci/types.ts';

/** Names one container to a driver. Everything else a driver needs it finds below `bundle`, also after a restart. */
export interface ContainerRef {
  readonly id: string;
  /** Absolute path of the container's volatile directory: config.json, pid files, sockets. */
  readonly bundle: string;
}

export interface CreateRequest extends ContainerRef {
  /** Written to `bundle/config.json`; `root.path` is mounted already. */
  readonly spec: Spec;
  /** Absolute path of the CRI log; undefined when output is not kept. */
  readonly logPath: string | undefined;
  /** The container's standard input can be attached to. */
  readonly stdin: boolean;
  /** Standard input closes when the first attached client leaves. */
  readonly stdinOnce: boolean;
}

export interface CreatedContainer {
  /** The container's first process on the host. */
  readonly init: ProcessIdentity;
  /** The process that supervises it and outlives the daemon (conmon or shim). */
  readonly monitor: ProcessIdentity;
}

/** The exit code of a program that SIGKILL ended. */
export const KILLED_EXIT_CODE = 137;

export interface ContainerExit {
  /** 0 to 255; 128 + signal for a process ended by a signal. */
  readonly exitCode: number;
  /** Nanoseconds since the epoch. */
  readonly finishedAt: bigint;
  /** The kernel killed a process of the container for lack of memory. */
  readonly oomKilled: boolean;
  /** False when the monitor died and the true code is lost: exitCode is then 255. */
  readonly known: boolean;
}

export interface ExecSyncRequest {
  readonly command: readonly string[];
  /** Milliseconds; undefined: no limit. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** Bytes kept per stream; the rest is read and dropped. */
  readonly maxOutputBytes: number;
}

export interface ExecSyncResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A terminal's size in character cells. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** What a client gives to a process in a container. Streams that it did not ask for are undefined. */
export interface ProcessStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  /** Undefined with a terminal, which has one output. */
  readonly stderr: Writable | undefined;
  /** Tells each size of the client's terminal from now on, and at once the one it has, if known. */
  readonly onResize: (listener: (size: TerminalSize) => void) => void;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** What a container uses, as its runtime tells it. An undefined field is one that the runtime does not know. */
export interface ContainerUsage {
  /** When it was measured, nanoseconds since the epoch. */
  readonly timestampNanos: bigint;
  /** CPU time used since the container was made. */
  readonly cpuUsageNanos: bigint | undefined;
  /** Bytes, as everything of memory here. */
  readonly memoryUsageBytes: number | undefined;
  /** Usage without what can be dropped: what counts against eviction. */
  readonly workingSetBytes: number | undefined;
  readonly rssBytes: number | undefined;
  /** Undefined without a limit. */
  readonly memoryLimitBytes: number | undefined;
  readonly pageFaults: number | undefined;
  readonly majorPageFaults: number | undefined;
  readonly processCount: number | undefined;
}

/**
 * How a port of a pod's own loopback is reached: through the pod's network namespace, at the pod's address from outside
 * (which servers on loopback alone do not answer), or with the driver's `connect`.
 */
export type PortForwardMode = 'netns' | 'pod-address' | 'driver';

/** What a runtime can do, and where that knowledge came from. */
export interface RuntimeFeatures {
  readonly version: string;
  /** `features` subcommand, configured override, or nothing known (then all false). */
  readonly source: 'reported' | 'configured' | 'unknown';
  readonly recursiveReadOnlyMounts: boolean;
  readonly userNamespaces: boolean;
  /** The sandbox is a process of its own, so the pod needs a first container that is it. */
  readonly sandboxProcess: boolean;
  /** Each container's processes are in a cgroup of its own on the host; otherwise `stats` tells what it uses. */
  readonly containerCgroups: boolean;
  readonly portForward: PortForwardMode;
  /** Global flags of the runtime that crisol gives before the handler's own. */
  readonly ownArgs: readonly string[];
  /** Further ones, for the containers of a pod on the host's network; null: the runtime cannot have a pod there. */
  readonly hostNetworkArgs: readonly string[] | null;
  /** It makes a container's standard input its user's, also where that is the host's /dev/null. */
  readonly givesInputAway: boolean;
  /** Masked and read-only paths and `rro` mounts are the runtime's to see to; otherwise plain mounts stand in for them. */
  readonly obeysPathRules: boolean;
  /** Which label of SELinux it can give to processes. */
  readonly selinux: SelinuxKind;
}

/**
 * Runs containers of one runtime handler.
 *
 * A *monitor* supervises each container, writes its log and its exit code, and outlives the daemon. The *init* process
 * is the container's first. An *exit* is reported once by `wait`, whether the daemon saw it happen or finds it after a
 * restart.
 */
export interface RuntimeDriver {
  readonly features: RuntimeFeatures;

  /**
   * Makes a container ready to start. On failure nothing is left: no process, no runtime state.
   * @throws DaemonError whose message is the runtime's own first error
   */
  create(request: CreateRequest): Promise<CreatedContainer>;

  /** Lets the init process run its program. @throws DaemonError with the runtime's first error */
  start(container: ContainerRef): Promise<void>;

  /** Sends a signal (a Linux number) to the init process, or to every process. A container that is gone is fine. */
  kill(container: ContainerRef, signal: number, scope: 'init' | 'all'): Promise<void>;

  /** Settles once with the container's exit, also when that happened before the call. Rejects when `signal` aborts. */
  wait(container: ContainerRef, created: CreatedContainer, signal: AbortSignal): Promise<ContainerExit>;

  /** Ends what still runs and removes all runtime state of the container. May be repeated. */
  delete(container: ContainerRef): Promise<void>;

  /** Whether the runtime still knows the container, and how. */
  state(container: ContainerRef): Promise<'created' | 'running' | 'paused' | 'stopped' | 'absent'>;

  /**
   * Runs a program in the container and collects its output. Returns when the program itself ends; leftover
   * background children do not delay it.
   * @throws deadline-exceeded after `timeoutMs`, with the program killed; cancelled likewise
   */
  execSync(container: ContainerRef, process: Process, request: ExecSyncRequest): Promise<ExecSyncResult>;

  /**
   * Runs a program in the container with a client's streams, or on a terminal when `process.terminal`.
   *
   * Returns the exit code when the program itself has ended and its output has been handed over; all sinks are ended
   * then. When the client goes, the program's standard input and outputs are closed, its terminal hangs up.
   * @throws cancelled when the client has gone; otherwise DaemonError with the runtime's first error
   */
  exec(container: ContainerRef, process: Process, streams: ProcessStreams): Promise<number>;

  /**
   * Connects a client with the container's first process until that ends, its output does, or the client goes.
   * @throws cancelled when the client has gone; aborted when it does not take the output in time
   */
  attach(container: ContainerRef, streams: ProcessStreams): Promise<void>;

  /** Changes limits of a created or running container. */
  update(container: ContainerRef, resources: Resources): Promise<void>;

  /**
   * What a running container uses now; undefined when its cgroup on the host tells. May cost a process or a call: readers
   * keep what they got for a while.
   * @throws DaemonError with the runtime's first error
   */
  stats(container: ContainerRef): Promise<ContainerUsage | undefined>;

  /**
   * Connects to a port of the pod whose sandbox process `sandbox` is, as its own containers would: its loopback. Only for
   * features whose `portForward` is `driver`. Half-open when one side ends; the caller destroys it.
   * @throws unavailable when nobody answers; failed-precondition when the driver has no way of its own
   */
  connect(sandbox: ContainerRef, port: number): Promise<Duplex>;

  /** Closes and reopens the log after it was rotated away; the new file exists on return. */
  reopenLog(container: ContainerRef, logPath: string): Promise<void>;
}
