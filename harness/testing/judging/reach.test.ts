import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../../spec/package-root.ts';
import { insideFunctions } from './reach.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reach-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const TEXT = 'export const next = (value) => value + 1;\n';

/** Follows a function that is called often, then not at all, then once; in a process of its own, as V8's flags are. */
const program = (url: string) => `
  import { Reach } from '${new URL('dist/harness/testing/judging/reach.js', packageRoot()).href}';
  const reach = new Reach([{ url: '${url}', start: ${TEXT.indexOf('value + 1')} }]);
  const { next } = await import('${url}');
  for (const calls of [5_000_000, 0, 1, 1]) {
    const id = String(reach.runs.length);
    const run = async () => {
      for (let call = 0, value = 0; call < calls; call += 1) value = next(value);
    };
    await reach.follow({ id, run }).run();
    reach.caseEnd({ id });
  }
  reach.end();
  console.log(reach.runs.map(({ reached }) => reached.size).join());
`;

test('a case that calls a function executes it, however often others called it before', () => {
  const file = join(folder, 'often.mjs');
  writeFileSync(file, TEXT);
  const { href } = pathToFileURL(file);
  const args = ['--input-type=module', '-e', program(href)];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()).toBe('1,0,1,1');
});

test('what stands in no function is executed when the module is loaded', () => {
  const text =
    'const TABLE = { a: 1 }; function f() { return 2; } const g = () => 3; class C { m() { return 4; } }';
  const isInside = insideFunctions(text);
  expect(['1', '2', '3', '4'].map((digit) => isInside(text.indexOf(digit)))).toEqual([
    false,
    true,
    true,
    true,
  ]);
});
