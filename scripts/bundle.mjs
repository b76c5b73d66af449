// Makes dist/bundle out of dist/src: the program and its threads, each in one file beside those that several of them
// share. Node then finds, reads and links tens of files and not hundreds, in every thread (decision 0018).
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'dist/src');
const out = join(root, 'dist/bundle');

const entries = readdirSync(source, { recursive: true })
  .filter((name) => name === 'main.js' || name.endsWith('-worker.js'))
  .map((name) => join(source, name));
// They lie side by side, where `new URL('./name-worker.js', import.meta.url)` finds them from any file.
if (new Set(entries.map((path) => basename(path))).size < entries.length) {
  throw new Error(`two threads have the same file name: ${entries.join(', ')}`);
}

/** koffi finds its binary beside itself, so it stays a package; required, as an import has Node search it for exports. */
const native = {
  name: 'native',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^koffi$/ }, () => ({ path: 'koffi', namespace: 'native' }));
    onLoad({ filter: /.*/, namespace: 'native' }, () => ({
      contents: "export default requireOf(import.meta.url)('koffi');",
    }));
  },
};

const { outputFiles, warnings, metafile } = await build({
  absWorkingDir: root,
  entryPoints: entries,
  outdir: out,
  entryNames: '[name]',
  chunkNames: 'shared-[hash]',
  bundle: true,
  splitting: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'inline',
  logLevel: 'warning',
  plugins: [native],
  // For what is written for CommonJS.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);",
  },
});
if (warnings.length > 0) process.exit(1);
for (const [importer, { imports }] of Object.entries(metafile.inputs)) {
  const late = imports.find(({ kind, path }) => kind === 'dynamic-import' && path.startsWith('node_modules/'));
  // Of a CommonJS package it would have no named exports here, where Node finds them.
  if (importer.startsWith('dist/src/') && late !== undefined) {
    throw new Error(`${importer} imports ${late.path} dynamically: import a module of ours that imports it`);
  }
}

// Only what has changed: a daemon may be running from these files.
const names = new Set(outputFiles.map(({ path }) => basename(path)));
mkdirSync(out, { recursive: true });
const present = new Set(readdirSync(out));
for (const { path, contents } of outputFiles) {
  const isSame = present.has(basename(path)) && readFileSync(path).equals(contents);
  if (!isSame) writeFileSync(path, contents);
}
for (const name of present) if (!names.has(name)) rmSync(join(out, name));
