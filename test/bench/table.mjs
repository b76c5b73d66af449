// Shapes measurements into a table beside published figures.

/** containerd 2.3.4 with runc 1.4.3 on 2 cores, measured once elsewhere: a landmark, not a side-by-side run. */
const published = {
  'RunPodSandbox p50 / p99': '119 / 138 ms',
  'CreateContainer p50': '6 ms',
  'StartContainer p50': '55 ms',
  'pod ready p50 / p99': '185 / 211 ms',
  'pod gone p50': '176 ms',
  'burst: pods ready': '6.6 /s',
  'burst: pods removed': '7.7 /s',
  'ExecSync(true) p50': '25 ms',
  'ListContainerStats p50': '55 ms',
  'ListContainers p50': '0.26 ms',
  'ListPodSandbox p50': '0.25 ms',
  'helpers per pod, PSS': '6.0 MB',
  'daemon with pods, PSS': '70 MB',
};

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const number = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));
const p50 = (values) => `${number(quantile(values, 0.5))} ms`;
const both = (values) => `${number(quantile(values, 0.5))} / ${number(quantile(values, 0.99))} ms`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Rows of name and value. */
export function summarize({ one, many, burst }) {
  const step = (name) => one.steps.map((times) => times[name]);
  const memory = many.monitors.reduce((sum, { bytes }) => sum + bytes, 0) / burst;
  return [
    ['RunPodSandbox p50 / p99', both(step('sandbox'))],
    ['CreateContainer p50', p50(step('create'))],
    ['StartContainer p50', p50(step('start'))],
    ['pod ready p50 / p99', both(step('ready'))],
    ['pod gone p50', p50(one.gone)],
    ['burst: pods ready', `${many.up.toFixed(1)} /s`],
    ['burst: pods removed', `${many.down.toFixed(1)} /s`],
    ['ExecSync(true) p50', p50(many.times.exec)],
    ['ListContainerStats p50', p50(many.times.stats)],
    ['ListContainers p50', p50(many.times.containers)],
    ['ListPodSandbox p50', p50(many.times.sandboxes)],
    ['helpers per pod, PSS', `${megabytes(memory)} (${census(many.monitors)})`],
    ['daemon idle, PSS / RSS', `${megabytes(many.idle.pss)} / ${megabytes(many.idle.rss)}`],
    ['daemon with pods, PSS', megabytes(many.loaded.pss)],
    ['daemon with pods, RSS', megabytes(many.loaded.rss)],
  ];
}

function census(monitors) {
  const counts = new Map();
  for (const { name } of monitors) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
}

export function format(rows, title) {
  const lines = rows.map(([name, value]) => `| ${name} | ${value} | ${published[name] ?? ''} |`);
  return [`| measured | ${title} | containerd 2.3.4 (published) |`, '|---|---|---|', ...lines].join('\n');
}
