import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { commandFrom, programFrom } from './from-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-from-'));
mkdirSync(join(folder, 'build'));
for (const name of ['vmm.py', 'build/vmm', 'node']) writeFileSync(join(folder, name), '');
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['./build/vmm --qmp stdio', '<>/build/vmm --qmp stdio'],
  ['build/vmm', '<>/build/vmm'],
  ['python3 vmm.py --qmp stdio', 'python3 <>/vmm.py --qmp stdio'],
  ['node --check ./vmm.py', 'node --check <>/vmm.py'],
  ['exec python3 vmm.py', 'exec python3 <>/vmm.py'],
  ['node build', 'node build'],
  [`echo ${'x'.repeat(5000)}`, `echo ${'x'.repeat(5000)}`],
  ['./other vmm.txt', './other vmm.txt'],
  ['/bin/echo "vmm.py and vmm.py too" vmm.py', '/bin/echo "vmm.py and vmm.py too" <>/vmm.py'],
  ["sh -c 'exec vmm.py x'", "sh -c 'exec vmm.py x'"],
  ['echo $HOME/vmm.py >vmm.py', 'echo $HOME/vmm.py >vmm.py'],
])('%s', (line, expected) => {
  expect(commandFrom(folder, line)).toBe(expected.replaceAll('<>', folder));
});

test('a program by its path is that of the folder, one by its name that of PATH', () => {
  expect(programFrom(folder, './build/qemu')).toBe(join(folder, 'build/qemu'));
  expect(programFrom(folder, '/usr/bin/qemu')).toBe('/usr/bin/qemu');
  expect(programFrom(folder, 'qemu')).toBe('qemu');
});
