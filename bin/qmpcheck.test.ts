/** The first file that Node reads must be readable for a Node that is too old, or nobody is told. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { callMain, inFolder } from '../harness/testing/command-line.ts';

const program = fileURLToPath(new URL('qmpcheck', import.meta.url));

test('is a script, too, for Nodes that know no modules', () => {
  const text = readFileSync(program, 'utf8').replace(/^#!.*/, '');
  expect(() => new Script(text)).not.toThrow();
  expect(text).not.toMatch(/\b(const|let|await)\b|=>|\?\.|`\$/);
});

test('an old Node is told which one is needed: exit 2', () =>
  inFolder(async (folder) => {
    const older = join(folder, 'older.cjs');
    writeFileSync(older, "Object.defineProperty(process, 'versions', { value: { node: '18.20.1' } });\n");
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', older, program, 'list'], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'qmpcheck: needs Node 20 or newer; this is Node 18.20.1\n',
    });
  }));

test('what `npm start` says to do next are calls with options that there are', async () => {
  const { poststart } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).scripts;
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status, stdout, stderr } = spawnSync(poststart, { shell: true, cwd: root, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  const calls = [...stderr.matchAll(/^ {2}bin\/qmpcheck (\w+) (.*)$/gm)];
  expect(calls.map(([, name]) => name)).toEqual(['doctor', 'run']);
  for (const [, name, words] of calls) {
    const help = await callMain([name!, '--help']);
    for (const [option] of words!.replace(/'[^']*'/g, '').matchAll(/--[\w-]+/g))
      expect(help.stdout).toContain(option);
  }
});
