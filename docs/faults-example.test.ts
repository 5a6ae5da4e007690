/** The example of the page about faults, run as it stands; its YAML is read. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readFaults } from '../harness/cli/fault-file.ts';
import { enginesUnavailable } from '../harness/testing/engines.ts';

const page = readFileSync(new URL('manual/faults.md', import.meta.url), 'utf8');
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)![1]!;

test('a client in Python meets its faults', ({ skip }) => {
  const missing = enginesUnavailable('python3');
  if (missing !== null) skip(missing);
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-faults-'));
  try {
    symlinkSync(fileURLToPath(new URL('../bin/qmpcheck', import.meta.url)), join(folder, 'qmpcheck-qemu'));
    const { status, stdout, stderr } = spawnSync('python3', ['-c', block('python')], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'ok\n', stderr: '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file of faults', () => {
  expect(readFaults(block('yaml'), 'faults.yaml')).toHaveLength(3);
});
