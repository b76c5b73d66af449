// The import table of docs/architecture.md, one rule per folder: calls go down, results come back up.
const leaf = '^src/(errors|ids|package-root)\\.ts$|^src/async/';
const table = {
  async: [],
  observe: [],
  host: ['observe'],
  config: ['host'],
  oci: ['host'],
  cgroup: ['host', 'observe'],
  cni: ['host', 'observe'],
  events: ['observe'],
  state: ['host', 'oci'],
  image: ['host', 'observe'],
  runtime: ['host', 'observe', 'oci'],
  streaming: ['host', 'observe'],
  container: ['host', 'observe', 'oci', 'cgroup', 'events', 'state', 'image', 'runtime'],
  sandbox: ['host', 'observe', 'oci', 'cgroup', 'cni', 'events', 'state', 'image', 'runtime', 'container'],
  stats: ['host', 'observe', 'cgroup', 'state', 'runtime', 'container', 'sandbox', 'image'],
  rpc: ['observe'],
  cri: [
    'rpc',
    'observe',
    'sandbox',
    'container',
    'image',
    'stats',
    'streaming',
    'events',
    'state',
    'oci',
    'cgroup',
    'runtime',
  ],
  daemon: [
    ...['host', 'observe', 'oci', 'cgroup', 'cni', 'events', 'state', 'image', 'runtime', 'container', 'sandbox'],
    ...['stats', 'streaming', 'rpc', 'cri', 'config'],
  ],
  cli: ['daemon', 'config', 'observe', 'image', 'host', 'rpc'],
};

const rows = Object.entries(table).map(([folder, below]) => ({
  name: `${folder}-imports-down`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `${leaf}|^src/(gen|${[folder, ...below].join('|')})/` },
}));

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-host-touches-processes',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(host|cli)/' },
      to: { path: '^(node:)?child_process$|node_modules/(execa|koffi)' },
    },
    {
      name: 'toml-in-config-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(config|image/registry)/' },
      to: { path: 'node_modules/smol-toml' },
    },
    {
      name: 'ws-in-websocket-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/streaming/websocket/' },
      to: { path: 'node_modules/ws/' },
    },
    ...rows,
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/gen' },
  },
};
