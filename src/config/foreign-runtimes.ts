// Runtime tables pasted whole from containerd's or CRI-O's file: each is answered with the table to write here.
import { isTable, type FileTable } from './documents.ts';
import { shimOfRuntimeType } from './foreign-keys.ts';

export interface ForeignRuntime {
  /** Where it stands in the file. */
  readonly path: readonly string[];
  /** What to write instead. */
  readonly advice: string;
}

/** Every table `...runtimes.NAME` below `value`, whatever the tables around it are called. */
export function foreignRuntimes(path: readonly string[], value: unknown): ForeignRuntime[] {
  if (!isTable(value)) return [];
  return Object.entries(value).flatMap(([key, below]) => {
    if (key !== 'runtimes' || !isTable(below)) return foreignRuntimes([...path, key], below);
    return Object.entries(below).flatMap(([name, table]) =>
      isTable(table) ? [{ path: [...path, key, name], advice: `write ${translate(name, table)} instead` }] : [],
    );
  });
}

/** The table that says here what `table` says there, on one line. */
export function translate(name: string, table: FileTable): string {
  const options = isTable(table['options']) ? table['options'] : {};
  const type = textOf(table['runtime_type']) ?? '';
  const path = textOf(table['runtime_path']);
  // containerd's runc shim is a way to reach an OCI binary, which is reached without it here.
  const isOci = type === '' || type === 'oci' || /^io\.containerd\.runc\.v\d$/.test(type);
  const program = isOci
    ? (textOf(options['BinaryName']) ?? path ?? 'runc')
    : (path ?? `/usr/bin/${shimOfRuntimeType(type) ?? 'containerd-shim-NAME-v2'}`);
  const lists = ['pod_annotations', 'container_annotations', 'allowed_annotations'].map((key) => table[key]);
  const annotations = [...new Set(lists.flatMap((list): unknown[] => (Array.isArray(list) ? list : [])))];
  const pairs = {
    kind: isOci ? 'oci' : 'shim-v2',
    path: program,
    root: textOf(options['Root']) ?? textOf(table['runtime_root']),
    config_path: isOci ? undefined : (textOf(options['ConfigPath']) ?? textOf(table['runtime_config_path'])),
    cni_conf_dir: textOf(table['cni_conf_dir']),
    annotations: annotations.length > 0 ? annotations : undefined,
    privileged_without_host_devices: table['privileged_without_host_devices'] === true ? true : undefined,
  };
  const written = Object.entries(pairs).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} = ${JSON.stringify(value)}`],
  );
  return `[runtimes.${name}] with ${written.join(', ')}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
