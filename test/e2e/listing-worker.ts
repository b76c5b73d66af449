// Lists a tree away from the main thread, and without the daemon's help.
import { parentPort, workerData } from 'node:worker_threads';
import { listTree } from '../../src/host/tree-listing.ts';

parentPort?.postMessage([...listTree((workerData as { readonly top: string }).top)]);
