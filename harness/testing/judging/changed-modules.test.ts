import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../../spec/package-root.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'changed-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const HOOKS = new URL('dist/harness/testing/judging/changed-modules.js', packageRoot()).href;
const [entry, importer, changed, below] = [
  'start-reference',
  'throttle/throttle-group',
  'throttle/throttle-config',
  'qapi/command-error',
].map((file) => new URL(`dist/reference-impl/${file}.js`, packageRoot()).href);

/** Prints which modules are others in a copy than in the sound reference, and what its changed one says; in a process of its own, as hooks are. */
const program = (changes: string) => `
  import { register } from 'node:module';
  import { inCopy } from '${HOOKS}';
  register('${HOOKS}');
  await import('${entry}');
  const copy = (url) => import(inCopy(new URL(url), '${changes}'));
  const others = [];
  for (const url of ${JSON.stringify([entry, importer, changed, below])})
    if ((await copy(url)) !== (await import(url))) others.push(url);
  const { CHANGED } = await copy('${changed}');
  console.log(JSON.stringify({ others, CHANGED }));
`;

test('a copy has modules of its own where they import what is changed, and all others with the sound reference', () => {
  const changes = join(folder, 'changes.json');
  const text = `${readFileSync(new URL(changed!), 'utf8')}\nexport const CHANGED = true;\n`;
  writeFileSync(changes, JSON.stringify([{ url: changed, text }]));
  const args = ['--input-type=module', '-e', program(changes)];
  expect(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toEqual({
    others: [entry, importer, changed],
    CHANGED: true,
  });
});
