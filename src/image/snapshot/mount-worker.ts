// Makes one mount whose options are relative to a directory, in a thread with a working directory of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../errors.ts';
import { CLONE, chdir, unshare } from '../../host/kernel.ts';
import { makeMount, type Mount } from '../../host/mounts.ts';

const { directory, mount } = workerData as { readonly directory: string; readonly mount: Mount };
let reply: { readonly error?: string } = {};
try {
  unshare(CLONE.FS);
  chdir(directory);
  makeMount(mount);
} catch (error) {
  reply = { error: errorMessage(error) };
}
parentPort?.postMessage(reply);
