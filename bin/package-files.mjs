// What the package holds of `dist`: the modules that `bin` and `exports` reach, imports that are made later and threads
// included, and the declarations that `exports` shows. npm asks as it packs (`prepack`): dist/.npmignore tells it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Imports and exports from relative files, `import('…')`, and `new URL('…', import.meta.url)`, as for a Worker. */
const REFERENCE =
  /(?:\bfrom\s*|\bimport\s*\(?\s*)['"](\.{1,2}\/[^'"]+)['"]|\bnew URL\(\s*['"](\.{1,2}\/[^'"]+\.js)['"],\s*import\.meta\.url/g;

/** Files that the text of one names, absolute. Declarations name their neighbours by their sources. */
function referencesOf(file) {
  const declarations = file.endsWith('.d.ts');
  return [...readFileSync(file, 'utf8').matchAll(REFERENCE)].map(([, imported, url]) => {
    const target = resolve(dirname(file), imported ?? url);
    return declarations ? target.replace(/(?<!\.d)\.(ts|js)$/, '.d.ts') : target;
  });
}

/** Paths below `root`, sorted, of all files that `entries` reach, themselves included. Throws for one that is not there. */
export function reachedFiles(root, entries) {
  const found = new Set();
  const visit = (file, from) => {
    const path = relative(root, file);
    if (found.has(path)) return;
    if (!existsSync(file)) throw new Error(`${path}: not there, but ${from} wants it`);
    found.add(path);
    for (const target of referencesOf(file)) visit(target, path);
  };
  for (const entry of entries) visit(join(root, entry), 'package.json');
  return [...found].toSorted();
}

/** The entries of a package.json: what `bin` and `exports` name. */
export function entriesOf({ bin, exports }) {
  return [bin, exports].flatMap(function paths(value) {
    return typeof value === 'string' ? [value] : Object.values(value).flatMap(paths);
  });
}

const root = fileURLToPath(new URL('..', import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = reachedFiles(root, entriesOf(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))));
  const ofDist = files
    .filter((path) => path.startsWith('dist/'))
    .map((path) => `!${path.slice('dist'.length)}`);
  writeFileSync(join(root, 'dist/.npmignore'), ['*', '!*/', ...ofDist, ''].join('\n'));
}
