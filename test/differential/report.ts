// Prints how two daemons differ. Usage: report.js CONTAINERD CRISOL DIFFERENCES; exits 1 for what has no explanation.
import { readFileSync } from 'node:fs';
import type { Answers } from './answers.ts';
import { differences, judge, type Listed } from './compare.ts';

const [containerd, crisol, listed] = process.argv
  .slice(2)
  .map((path) => JSON.parse(readFileSync(path, 'utf8')) as unknown);
const verdict = judge(differences(containerd as Answers, crisol as Answers), listed as readonly Listed[]);

for (const { path, ...values } of verdict.unlisted) {
  print(`not listed: ${path}\n  containerd: ${values.containerd}\n  crisol:     ${values.crisol}`);
}
for (const { path, reason } of verdict.outdated) print(`listed, but no longer so: ${path} (${reason})`);
const steps = Object.keys(crisol as Answers).length;
const bad = verdict.unlisted.length + verdict.outdated.length;
print(`differential: ${steps} steps, ${verdict.explained} differences with a reason, ${bad} without`);
process.exitCode = bad === 0 && steps > 0 ? 0 : 1;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
