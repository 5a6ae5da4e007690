/** What is known of QEMU excuses QEMU only, whatever version another endpoint says that it is. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callMain, inFolder } from '../testing/command-line.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';

const QEMU = 'exec:qemu-system-x86_64 -machine none -nodefaults -display none -qmp stdio';
const CALL = ['run', 'null-co/size-negative', '--reporter', 'spec', '--target'];

test('an endpoint that is started by a command is taken for QEMU where the config file says so', (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-system-x86_64'));
  return inFolder(async (cwd) => {
    const target = { target: QEMU };
    const targets = { vendor: target, ours: { ...target, implementation: 'qemu' } };
    writeFileSync(join(cwd, 'qmpcheck.config.json'), JSON.stringify({ targets }));
    const ours = await callMain([...CALL, 'ours'], { cwd });
    expect(ours.stdout).toContain(
      'expected: blockdev-add of null-co with a negative size aborts the process',
    );
    expect(ours.code).toBe(0);
    const told = await callMain([...CALL, QEMU, '--implementation', 'qemu'], { cwd });
    expect(told.code).toBe(0);
    for (const other of ['vendor', QEMU]) {
      const { code, stdout } = await callMain([...CALL, other], { cwd });
      expect(stdout).toMatch(/^ +hint +looks like what is known of QEMU: blockdev-add of null-co with/m);
      expect(code).toBe(1);
    }
  });
});

test('another implementation than those that are known of is refused', () =>
  inFolder(async (cwd) => {
    const targets = { ours: { target: QEMU, implementation: 'acme' } };
    writeFileSync(join(cwd, 'qmpcheck.config.json'), JSON.stringify({ targets }));
    const { code, stderr } = await callMain([...CALL, 'ours'], { cwd });
    expect(stderr).toMatch(
      /qmpcheck\.config\.json:1: targets\.ours\.implementation: it takes qemu or reference\n$/,
    );
    expect(code).toBe(2);
  }));
