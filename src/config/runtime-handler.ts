// [runtimes.NAME]: one runtime handler; NAME is what a RuntimeClass calls `handler`.
import { field, optional, type Fields, type Values } from './field.ts';
import { duration, size } from './units.ts';
import { flag, listOf, path, program, text } from './value-types.ts';

const SHARED_FIELDS = {
  annotations: field(
    'annotations',
    [],
    listOf(text),
    'Pod and container annotations passed to the runtime; "*" matches any characters',
  ),
  privilegedWithoutHostDevices: field(
    'privileged_without_host_devices',
    false,
    flag,
    "Privileged containers do not get the host's devices",
  ),
  seccompProfile: optional(
    'seccomp_profile',
    '/etc/crisol/seccomp.json',
    path,
    'Profile behind RuntimeDefault, read at start; the built-in one when not set',
  ),
  baseSpec: optional(
    'base_spec',
    '/etc/crisol/base-spec.json',
    path,
    'OCI spec whose mounts, variables, limits, annotations and hooks containers get below their own',
  ),
  cniConfDir: optional(
    'cni_conf_dir',
    '/etc/cni/kata.d',
    path,
    "Directory with the CNI configuration of this handler's pods; network.conf_dirs when not set",
  ),
  containerMinMemoryBytes: field(
    'container_min_memory',
    '0B',
    size,
    'Containers with a smaller memory limit are refused with a clear message',
  ),
  createTimeoutMs: optional('create_timeout', '2m', duration, 'cri.create_timeout for this handler'),
  sandboxProcess: optional(
    'sandbox_process',
    true,
    flag,
    'Whether the sandbox is a process of its own (gVisor, Kata); found out when not set',
  ),
};

/** Keys of `kind = "oci"`: an OCI runtime binary under conmon. */
export const OCI_FIELDS = {
  path: optional(
    'path',
    '/usr/bin/runc',
    program,
    "The runtime: a path, or a name in PATH; the table's NAME when not set",
  ),
  args: field('args', [], listOf(text), 'Global flags before the verb, such as ["--platform=systrap"]'),
  root: optional(
    'root',
    '/run/crisol/runtimes/NAME',
    path,
    "The runtime's own state directory; below run when not set",
  ),
  monitor: optional('monitor', '/usr/libexec/crisol/conmon', program, 'monitor.conmon for this handler'),
  ...SHARED_FIELDS,
  preflightTimeoutMs: field('preflight_timeout', '10s', duration, 'Longest time to prove the handler at start'),
};

/** Keys of `kind = "shim-v2"`: a containerd shim over ttrpc. */
export const SHIM_FIELDS = {
  path: optional('path', '/usr/bin/containerd-shim-kata-v2', program, 'The shim: a path, or a name in PATH; required'),
  configPath: optional(
    'config_path',
    '/etc/kata-containers/configuration.toml',
    path,
    "The runtime's configuration file, given to the shim",
  ),
  binary: optional('binary', '/usr/bin/crun', program, 'OCI runtime that containerd-shim-runc-v2 is to run'),
  root: optional('root', '/run/crisol/runtimes/NAME', path, "The runtime's own state directory"),
  ...SHARED_FIELDS,
  preflightTimeoutMs: field('preflight_timeout', '30s', duration, 'Longest time to prove the handler at start'),
};

/** Keys of `[runtimes.NAME.features]`: what the runtime can do, where it cannot be asked. */
export const FEATURE_FIELDS = {
  recursiveReadOnlyMounts: optional('recursive_read_only_mounts', true, flag, 'Read-only mounts can be recursive'),
  userNamespaces: optional('user_namespaces', true, flag, 'Pods can have a user namespace'),
};

export const HANDLER_KINDS = { oci: OCI_FIELDS, 'shim-v2': SHIM_FIELDS } as const satisfies Record<string, Fields>;

export type FeatureOverrides = Values<typeof FEATURE_FIELDS>;

interface Common {
  /** A path or a bare name. */
  readonly path: string;
  /** Overrides what the runtime reports about itself. */
  readonly features: FeatureOverrides;
  /** Milliseconds; `cri.createTimeoutMs` when the table does not say. */
  readonly createTimeoutMs: number;
}

/** An OCI runtime binary under conmon. */
export type OciHandlerConfig = { readonly kind: 'oci' } & Common & Omit<Values<typeof OCI_FIELDS>, keyof Common>;

/** A containerd shim of version 2. */
export type ShimHandlerConfig = { readonly kind: 'shim-v2' } & Common & Omit<Values<typeof SHIM_FIELDS>, keyof Common>;

export type RuntimeHandlerConfig = OciHandlerConfig | ShimHandlerConfig;
