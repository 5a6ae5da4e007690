/** Every target that starts something passes the contract; names resolve or are refused clearly. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { QmpClient } from '../qmp/client.ts';
import { enginesUnavailable, ptyUnavailable, requireOrSkip } from '../testing/engines.ts';
import { targetContract } from '../testing/target-contract.ts';
import { AddressError } from '../transports/address.ts';
import { resolveTarget, TargetNameError } from './index.ts';

const REFUSED_OPTIONS = ['-blockdev', 'driver=nosuch,node-name=a'];
const always = (): void => undefined;
const qemu =
  (...programs: string[]) =>
  (context: TestContext): void =>
    requireOrSkip(context, 'qemu', enginesUnavailable(...programs));

targetContract('reference', () => resolveTarget('reference'), { require: always, refused: REFUSED_OPTIONS });
targetContract('reference:spawn', () => resolveTarget('reference:spawn'), {
  require: always,
  refused: REFUSED_OPTIONS,
});
targetContract('qemu-system', () => resolveTarget('qemu-system'), {
  require: qemu('qemu-system-x86_64'),
  refused: REFUSED_OPTIONS,
});
targetContract('qemu-storage-daemon', () => resolveTarget('qemu-storage-daemon'), {
  require: qemu('qemu-storage-daemon'),
  refused: REFUSED_OPTIONS,
});
const ON_STDIO =
  'qemu-system-x86_64 -machine none -accel tcg -S -nodefaults -display none -qmp stdio @OPTIONS@';
targetContract('exec', () => resolveTarget(`exec:${ON_STDIO}`), {
  require: qemu('qemu-system-x86_64'),
  refused: REFUSED_OPTIONS,
});
targetContract('pty', () => resolveTarget(`pty:exec ${ON_STDIO}`), {
  require: (context) => {
    requireOrSkip(context, 'pty', ptyUnavailable());
    qemu('qemu-system-x86_64')(context);
  },
  refused: REFUSED_OPTIONS,
});

test('the embedded reference lets time pass for what its end waits for', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'qmpcheck-slow-'));
  try {
    const options = ['-blockdev', 'driver=null-co,node-name=slow,latency-ns=1000000000'];
    const topology = { name: 'slow', images: [], options, monitors: 1 };
    const endpoint = await resolveTarget('reference').start({ topology, scratch });
    const client = await QmpClient.connect(await endpoint.openMonitor(0));
    const written = client.execute('human-monitor-command', { 'command-line': 'qemu-io slow "write 0 1"' });
    await endpoint.settle(1000);
    await written;
    expect(await endpoint.stop()).toEqual({ code: 0, signal: null });
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test('the embedded reference lets time pass for what its devices read at the start', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'qmpcheck-slow-'));
  try {
    const drive = 'if=none,id=slow,driver=null-co,size=1M,latency-ns=1000000000';
    const options = ['-machine', 'pc', '-drive', drive, '-device', 'ide-hd,drive=slow'];
    const topology = { name: 'slow', images: [], options, monitors: 1 };
    const endpoint = await resolveTarget('reference').start({ topology, scratch });
    expect(await endpoint.stop()).toEqual({ code: 0, signal: null });
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

describe('names', () => {
  test.each([
    'reference',
    'reference:spawn',
    'qemu-system:/x/qemu',
    'exec:a b',
    'unix:/x',
    'listen:tcp:127.0.0.1:1',
  ])('%s', (name) => {
    expect(resolveTarget(name).name).toBe(name);
  });

  test.each(['', 'nosuch', 'toString', '__proto__:x', 'reference:other', 'exec:', 'pty: '])(
    '%j is refused',
    (name) => {
      expect(() => resolveTarget(name)).toThrow(TargetNameError);
    },
  );

  test('a faulty address is refused', () => {
    expect(() => resolveTarget('tcp:nowhere')).toThrow(AddressError);
  });

  test('a program that is not there is told before the run', async () => {
    expect(await resolveTarget('qemu-system:nosuch-program').unavailable()).toBe(
      'nosuch-program: not found in PATH',
    );
    expect(await resolveTarget('qemu-storage-daemon:/nosuch/program').unavailable()).toBe(
      '/nosuch/program: not an executable file',
    );
  });
});
