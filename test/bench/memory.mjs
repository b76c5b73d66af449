// Memory of processes as PSS: every page is divided among those who map it, so that sums mean something.
import { readdirSync, readFileSync } from 'node:fs';

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // the process is gone, or a kernel thread
  }
}

export function pids() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** Bytes; 0 for a process that is gone. */
export function pss(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0) * 1024;
}

/** Bytes; 0 for a process that is gone. */
export function rss(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(pid, 'status'))?.[1] ?? 0) * 1024;
}

const commandLine = (pid) => read(pid, 'cmdline').replaceAll('\0', ' ');
const parentOf = (pid) => /^PPid:\s+(\d+)/m.exec(read(pid, 'status'))?.[1] ?? '0';

function ancestors(pid) {
  const chain = [];
  for (let one = pid; one !== '0' && one !== '1'; one = parentOf(one)) chain.push(one);
  return chain;
}

/** The lab's subreaper above this process; everything of the lab is below it. Undefined outside the lab. */
export function labRoot() {
  return ancestors(String(process.pid)).find((pid) => read(pid, 'comm').trim() === 'subreaper');
}

/** Processes that are new since `before`, below `root` when there is one, without the workload itself. */
export function helpers({ before, root, workloadMark }) {
  const isWorkload = (pid) =>
    [pid, parentOf(pid)].some((one) => / -c : /.test(commandLine(one)) && commandLine(one).includes(workloadMark));
  return pids()
    .filter((pid) => !before.has(pid) && !isWorkload(pid))
    .filter((pid) => root === undefined || ancestors(pid).includes(root))
    .map((pid) => ({ pid, name: read(pid, 'comm').trim(), bytes: pss(pid) }))
    .filter(({ bytes }) => bytes > 0);
}
