/** What the package is made of, and the test of what it brings, on made-up packages. `.ci/packed` tests the real one. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

interface PackageFiles {
  readonly entriesOf: (manifest: object) => string[];
  readonly reachedFiles: (root: string, entries: readonly string[]) => string[];
}
const module = './package-files.mjs';
const { entriesOf, reachedFiles }: PackageFiles = await import(module);
const importModules = fileURLToPath(new URL('../.ci/import-modules.mjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-package-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

describe('the files of the package', () => {
  test('are what bin and exports reach', () => {
    write({
      'bin/tool': "const main = new URL('../dist/main.js', import.meta.url);\nawait import(main.href);",
      'dist/main.js': "import './plain.js';\nexport * from './re/exported.js';\nawait import('./later.js');",
      'dist/plain.js': "import { x,\n y } from './several.js';",
      'dist/re/exported.js': "new Worker(new URL('./thread.js', import.meta.url));",
      'dist/re/thread.js': "import 'node:fs';\nimport yaml from 'yaml';",
      'dist/later.js': '',
      'dist/several.js': "import './main.js';",
      'dist/index.js': '',
      'dist/index.d.ts': "export type * from './types.ts';\ntype A = import('./inline.js').A;",
      'dist/types.d.ts': '',
      'dist/inline.d.ts': '',
      'dist/main.d.ts': '',
      'dist/spare.js': "import './later.js';",
      'dist/testing/fake.js': '',
    });
    const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } };
    expect(reachedFiles(folder, entriesOf({ bin: { tool: 'bin/tool' }, exports }))).toEqual([
      'bin/tool',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/inline.d.ts',
      'dist/later.js',
      'dist/main.js',
      'dist/plain.js',
      'dist/re/exported.js',
      'dist/re/thread.js',
      'dist/several.js',
      'dist/types.d.ts',
    ]);
  });

  test('must be there', () => {
    write({ 'main.js': "import './missing.js';" });
    expect(() => reachedFiles(folder, ['main.js'])).toThrow('missing.js: not there, but main.js wants it');
  });
});

describe('the import of every module', () => {
  function importing(files: Readonly<Record<string, string>>): { status: number | null; stdout: string } {
    write(files);
    const paths = Object.keys(files).map((name) => join(folder, name));
    const { status, stdout } = spawnSync(process.execPath, [importModules, ...paths], { encoding: 'utf8' });
    return { status, stdout };
  }

  test('passes for modules that define something', () => {
    expect(importing({ 'a.mjs': 'export const a = 1;', 'b.mjs': "import './a.mjs';" })).toEqual({
      status: 0,
      stdout: '',
    });
  });

  test.each([
    ['is not there', "import 'vitest-is-not-here';", 'Cannot find package'],
    ['throws', "throw new Error('no');", 'no'],
    ['prints', "console.log('hello');", 'prints hello'],
    ['warns', "console.error('hello');", 'prints hello'],
    ['ends the process', 'process.exit(0);', 'ends the process'],
    ['sets an exit code', 'process.exitCode = 3;', 'changes the process'],
    ['listens to the process', "process.on('SIGINT', () => {});", 'changes the process'],
    ['adds a global', 'globalThis.added = 1;', 'changes the process'],
    ['changes the environment', 'process.env.ADDED = "1";', 'changes the process'],
    ['lives on', 'setInterval(() => {}, 1000);', 'keeps the process alive'],
  ])('fails for one that %s', (_, text, message) => {
    const { status, stdout } = importing({ 'good.mjs': '', 'bad.mjs': text });
    expect(stdout).toContain(message);
    expect(status).toBe(1);
  });
});
