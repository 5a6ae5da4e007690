import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inFolder } from '../testing/command-line.ts';
import { programWords } from './invocation.ts';

test.each([
  ['/home/a/qmpcheck/bin/qmpcheck', '/home/a/qmpcheck', 'bin/qmpcheck'],
  ['/home/a/qmpcheck/bin/qmpcheck', '/home/a/qmpcheck/bin', './qmpcheck'],
  ['/home/a/qmpcheck/bin/qmpcheck', '/home/a/work', '../qmpcheck/bin/qmpcheck'],
  ['/opt/q/bin/qmpcheck', '/home/somebody/far/away', '/opt/q/bin/qmpcheck'],
  [
    '/home/a/.npm/_npx/1f/node_modules/.bin/qmpcheck',
    '/tmp',
    '/home/a/.npm/_npx/1f/node_modules/.bin/qmpcheck',
  ],
  ['/usr/lib/somebody/own.js', '/tmp', 'qmpcheck'],
  [undefined, '/tmp', 'qmpcheck'],
])('%s in %s is called as %s', (script, folder, words) => {
  expect(programWords(script, folder, {})).toEqual([words]);
});

test('npx, where it was npx that found an installed package', () =>
  inFolder(async (folder) => {
    const script = join(folder, 'node_modules/.bin/qmpcheck');
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    mkdirSync(join(folder, 'sub'));
    const env = { npm_command: 'exec' };
    expect(programWords(script, folder, env)).toEqual(['npx', 'qmpcheck']);
    expect(programWords(script, join(folder, 'sub'), env)).toEqual(['npx', 'qmpcheck']);
    expect(programWords(script, folder, {})).toEqual(['node_modules/.bin/qmpcheck']);
    expect(programWords(script, folder, { npm_command: 'run-script' })).toEqual([
      'node_modules/.bin/qmpcheck',
    ]);
  }));
