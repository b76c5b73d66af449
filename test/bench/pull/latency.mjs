// How long a daemon takes to answer while it is busy: Version and ListContainers in turn, one every 10 ms. Each is asked
// once before, as a kubelet has done long before it pulls: what a first call costs, here too, is not what a pull costs.
import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 10;
const METHODS = ['Version', 'ListContainers'];

/** Asks until `stop`, which resolves to the 99th percentile in milliseconds. */
export async function probe(rpc) {
  for (const method of METHODS) await rpc[method]();
  const times = [];
  let going = true;
  const ask = async (method) => {
    const started = performance.now();
    await rpc[method]();
    times.push(performance.now() - started);
  };
  const loop = (async () => {
    for (let turn = 0; going; turn += 1) {
      await Promise.all([ask(METHODS[turn % METHODS.length]), sleep(INTERVAL_MS)]);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await loop;
      return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)];
    },
  };
}
