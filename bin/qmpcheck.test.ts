/** The first file that Node reads must be readable for a Node that is too old, or nobody is told. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { inFolder } from '../harness/testing/command-line.ts';

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
