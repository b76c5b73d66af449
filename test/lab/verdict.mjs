// Judges critest's JUnit report: what passed, what was skipped and why, and whether all that was foreseen.
// Usage: node verdict.mjs REPORT EXPECTED HANDLER; ends with "conformance: N passed, N failed, N failed as expected, N
// skipped as expected" and exits 1 unless every spec that was selected ended as EXPECTED says.
import { readFileSync } from 'node:fs';

const [report, expectedFile, handler] = process.argv.slice(2);
const entities = { lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'", '#34': '"', '#xA': ' ', amp: '&' };
const longest = 200;
const decode = (text) => text.replace(/&(#?\w+);/g, (whole, name) => entities[name] ?? whole);

// A spec that the run's own filters left out is skipped as well, but has no reason.
function outcomeOf(status, reason) {
  if (status === 'passed') return 'pass';
  if (status !== 'skipped' && status !== 'pending') return 'fail';
  return reason === '' ? 'unselected' : 'skip';
}

function readSpecs() {
  const specs = [];
  const cases = /<testcase name="\[It\] (?:\[k8s\.io\] )?([^"]*)"[^>]*status="(\w+)"[^>]*>(.*?)<\/testcase>/gs;
  for (const [, name, status, body] of readFileSync(report, 'utf8').matchAll(cases)) {
    const message = /<(?:skipped|failure|error) message="([^"]*)"/.exec(body)?.[1] ?? '';
    const reason = decode(message)
      .replace(/\s+/g, ' ')
      .replace(/^skipped(?: - )?/, '')
      .slice(0, longest);
    specs.push({ name: decode(name), outcome: outcomeOf(status, reason), reason });
  }
  return specs.filter(({ name }) => !/benchmark about/.test(name));
}

function hasAppArmor() {
  try {
    return readFileSync('/sys/module/apparmor/parameters/enabled', 'utf8').startsWith('Y');
  } catch {
    return false;
  }
}

function readExpected() {
  const facts = new Set(['always', handler, ...(hasAppArmor() ? [] : ['no-apparmor'])]);
  const lines = readFileSync(expectedFile, 'utf8').matchAll(/^(fail|skip) (\S+) (.+?) :: (.+)$/gm);
  return [...lines]
    .map(([, outcome, where, name, reason]) => ({ outcome, where: where.split(','), name, reason }))
    .filter(({ where }) => where.every((fact) => facts.has(fact)));
}

function list(title, lines) {
  if (lines.length > 0) console.log([`\n${title}:`, ...lines.map((line) => `  ${line}`)].join('\n'));
  return lines.length;
}

const expected = readExpected();
const all = readSpecs();
const specs = all.filter(({ outcome }) => outcome !== 'unselected');
const lineOf = (spec) => expected.find(({ name }) => spec.name.includes(name));
const foreseen = (outcome) => specs.filter((spec) => spec.outcome === outcome && lineOf(spec)?.outcome === outcome);
const surprises = (outcome) => specs.filter((spec) => spec.outcome === outcome && lineOf(spec)?.outcome !== outcome);
const told = ({ name, reason }) => `${name}: ${reason}`;

const skipped = list('skipped as expected', foreseen('skip').map(told));
const failing = list(
  'failed as expected',
  foreseen('fail').map((spec) => `${spec.name}: ${lineOf(spec).reason}`),
);
const bad =
  list('failed', surprises('fail').map(told)) +
  list('skipped, but not listed as such', surprises('skip').map(told)) +
  list(
    'passed, but listed as failing or skipped',
    specs.filter((spec) => spec.outcome === 'pass' && lineOf(spec) !== undefined).map(({ name }) => name),
  ) +
  list(
    'listed, but no spec has such a name',
    expected.filter(({ name }) => !all.some((spec) => spec.name.includes(name))).map(({ name }) => name),
  );
const passed = specs.filter((spec) => spec.outcome === 'pass').length;
console.log(
  `\nconformance: ${passed} passed, ${bad} failed, ${failing} failed as expected, ${skipped} skipped as expected`,
);
process.exitCode = bad > 0 || passed === 0 ? 1 : 0;
