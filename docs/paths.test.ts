/** Files and folders that the documents name are there. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const PROJECTS = [
  'spec',
  'generators',
  'reports',
  'reference-impl',
  'harness',
  'bench',
  'bin',
  'docs',
  '.ci',
];

const tree = [
  ...PROJECTS.flatMap((project) =>
    (readdirSync(`${root}${project}`, { recursive: true }) as string[]).map((name) => `${project}/${name}`),
  ),
  ...readdirSync(root),
];

/** What users have, or others, and examples. */
const OTHERS = new Set(['qapi/*.json', 'qmpcheck.config.json', 'results/', 'x.long.test.ts']);

/** A name is there if some path ends with it; a glob has a star. */
function isThere(name: string): boolean {
  const bare = name.replace(/\/$/, '');
  if (!bare.includes('*')) return tree.some((path) => path === bare || path.endsWith(`/${bare}`));
  const pattern = new RegExp(`(^|/)${bare.replace(/[.]/g, '\\.').replace(/\*/g, '[^/]*')}$`);
  return tree.some((path) => pattern.test(path));
}

test.each(['docs/ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md', 'docs/GLOSSARY.md'])('%s', (document) => {
  const text = readFileSync(`${root}${document}`, 'utf8').replace(/```[\s\S]*?```/g, '');
  const names = [...text.matchAll(/`([\w.*/-]+(?:\.(?:ts|mjs|json|yaml|md)|\/))`/g)].map(
    (match) => match[1]!,
  );
  const own = names.filter((name) => !OTHERS.has(name));
  expect(own.filter((name) => !isThere(name))).toEqual([]);
});
