// Judges critest's JUnit report: what passed, what was skipped and why, which failures were expected.
// Usage: node verdict.mjs REPORT EXPECTED; ends with "conformance: N passed, N failed, N failed as expected, N skipped"
// and exits 1 when a spec failed that EXPECTED does not list.
import { readFileSync } from 'node:fs';

const [report, expectedFile] = process.argv.slice(2);
const entities = { lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'", '#34': '"', '#xA': ' ', amp: '&' };
const longest = 200;
const decode = (text) => text.replace(/&(#?\w+);/g, (whole, name) => entities[name] ?? whole);

function readSpecs() {
  const specs = [];
  const cases = /<testcase name="\[It\] (?:\[k8s\.io\] )?([^"]*)"[^>]*status="(\w+)"[^>]*>(.*?)<\/testcase>/gs;
  for (const [, name, status, body] of readFileSync(report, 'utf8').matchAll(cases)) {
    const reason = /<(?:skipped|failure|error) message="([^"]*)"/.exec(body)?.[1] ?? '';
    const plain = decode(reason)
      .replace(/\s+/g, ' ')
      .replace(/^skipped - /, '');
    specs.push({
      name: decode(name),
      status,
      reason: plain.slice(0, longest),
    });
  }
  return specs.filter(({ name }) => !/benchmark about/.test(name));
}

function readExpected() {
  const lines = readFileSync(expectedFile, 'utf8').split('\n');
  return lines
    .filter((line) => line.includes(' :: ') && !line.startsWith('#'))
    .map((line) => line.split(' :: '))
    .map(([name, reason]) => ({ name: name.trim(), reason: reason.trim() }));
}

const specs = readSpecs();
const expected = readExpected();
const expectation = (spec) => expected.find(({ name }) => spec.name.includes(name));
const passed = specs.filter(({ status }) => status === 'passed');
const skipped = specs.filter(({ status }) => status === 'skipped' || status === 'pending');
const broken = specs.filter((spec) => !passed.includes(spec) && !skipped.includes(spec));
const failed = broken.filter((spec) => expectation(spec) === undefined);
const foreseen = broken.filter((spec) => expectation(spec) !== undefined);

function list(title, lines) {
  if (lines.length > 0) console.log([`\n${title}:`, ...lines.map((line) => `  ${line}`)].join('\n'));
}

list(
  'skipped',
  skipped.map(({ name, reason }) => `${name}: ${reason || 'not selected'}`),
);
list(
  'failed as expected',
  foreseen.map((spec) => `${spec.name}: ${expectation(spec).reason}`),
);
list(
  'failed',
  failed.map(({ name, reason }) => `${name}: ${reason}`),
);
list(
  'listed as failing, but passed',
  passed.filter(expectation).map(({ name }) => name),
);
console.log(
  `\nconformance: ${passed.length} passed, ${failed.length} failed, ${foreseen.length} failed as expected, ${skipped.length} skipped`,
);
process.exitCode = failed.length > 0 || passed.length === 0 ? 1 : 0;
