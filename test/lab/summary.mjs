// Reads critest's output on stdin and prints the name of each spec as it fails, then the suite's own summary.
import { createInterface } from 'node:readline';

const failure = /^• \[(FAILED|PANICKED|TIMEDOUT|INTERRUPTED)\]/;
const heading = /^critest version|^Will run \d+ of \d+ specs/;
const summary = /^Summarizing \d+ Failure|^Ran \d+ of \d+ Specs/;
let summing = false;
let failed = false;

for await (const line of createInterface({ input: process.stdin })) {
  summing ||= summary.test(line);
  if (summing || heading.test(line) || failed) console.log(failed && !summing ? `failed: ${line}` : line);
  failed = failure.test(line);
}
