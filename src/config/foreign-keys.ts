// Keys that people bring along from containerd's, CRI-O's and others' files, and what they are called here.

const SHIM_HINT = 'containerd-shim-';

/** `io.containerd.kata.v2` → `containerd-shim-kata-v2`; undefined for anything else. */
export function shimOfRuntimeType(type: string): string | undefined {
  const match = /^io\.containerd\.([a-z0-9-]+)\.v(\d+)$/.exec(type);
  return match === null ? undefined : `${SHIM_HINT}${match[1] ?? ''}-v${match[2] ?? ''}`;
}

function runtimeTypeAdvice(value: unknown): string {
  const type = typeof value === 'string' ? value : '';
  if (type === 'oci') return 'CRI-O\'s key; write kind = "oci" instead';
  if (type === 'vm') return 'CRI-O\'s key; write kind = "shim-v2" and path = the shim\'s path instead';
  const shim = shimOfRuntimeType(type) ?? 'containerd-shim-NAME-v2';
  const direct = type.includes('runc') ? ' (or kind = "oci" and path = "runc", without the shim)' : '';
  return `containerd's key; write kind = "shim-v2" and path = "/usr/bin/${shim}" instead${direct}`;
}

const ADVICE: Readonly<Record<string, string>> = {
  runtime_path: 'the key is called "path" here',
  runtime_root: 'the key is called "root" here',
  runtime_config_path: 'the key is called "config_path" here',
  monitor_path: 'the key is called "monitor" here',
  allowed_annotations: 'the key is called "annotations" here',
  pod_annotations: 'the key is called "annotations" here; it serves pods and containers',
  container_annotations: 'the key is called "annotations" here; it serves pods and containers',
  base_runtime_spec: 'the key is called "base_spec" here',
  container_min_memory_in_bytes: 'the key is called "container_min_memory" here, with a unit: "16MiB"',
  container_create_timeout: 'the key is called "create_timeout" here, with a unit: "2m"',
  cni_max_conf_num: "containerd's key; a pod gets the first network of cni_conf_dir by name, leave the key out",
  snapshotter: 'there is one snapshotter, overlay; leave the key out',
  options:
    'containerd\'s table; BinaryName is "path" (kind "oci") or "binary" (kind "shim-v2"), Root is "root", ' +
    'ConfigPath is "config_path", and SystemdCgroup is cri.cgroup_driver = "systemd"',
};

const TOP_ADVICE: Readonly<Record<string, string>> = {
  plugins:
    'containerd\'s configuration; a runtime is a table [runtimes.NAME] with kind = "oci" or "shim-v2" and a path, ' +
    'registries are directories in images.registry_dirs, and CNI is [network]',
  imports: 'containerd\'s key; put further files into the drop-in directory "config.toml.d"',
  crio: 'CRI-O\'s configuration; a runtime is a table [runtimes.NAME] with kind = "oci" or "shim-v2" and a path',
  grpc: "containerd's table; the socket is cri.socket",
  debug: 'containerd\'s table; the level is log_level = "debug"',
  state: 'the key is called "run" here',
};

/** What to write instead of a key that belongs to another runtime's file; undefined for any other key. */
export function foreignKeyAdvice(path: readonly string[], value: unknown): string | undefined {
  const key = path.at(-1) ?? '';
  const table = path.length === 1 ? TOP_ADVICE : path[0] === 'runtimes' && path.length === 3 ? ADVICE : {};
  if (key === 'runtime_type' && path[0] === 'runtimes') return runtimeTypeAdvice(value);
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
