/**
 * Programs that nobody here wrote, with the reference as their QEMU. Scripts run on QEMU too, so that they are no more
 * than what runs there. Where a program is missing, its test says so and is skipped.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { enginesUnavailable } from '../testing/engines.ts';

const bin = (name: string) => fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));
const script = (name: string) => fileURLToPath(new URL(`../testing/programs/${name}`, import.meta.url));
const QEMUS = ['qmpcheck-qemu', 'qemu-system-x86_64'];
const pathOf = (qemu: string) => (qemu === 'qmpcheck-qemu' ? bin(qemu) : qemu);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-programs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Skippable {
  skip(note?: string): never;
}

function needs({ skip }: Skippable, ...programs: readonly string[]): void {
  const missing = enginesUnavailable(...programs.filter((name) => name !== 'qmpcheck-qemu'));
  if (missing !== null) skip(missing);
}

/** Standard output of a program that ended well. */
async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  return stdout;
}

describe.each(QEMUS)('on %s', (qemu) => {
  test('a shell script takes snapshots and backups, over socat', { timeout: 120_000 }, async (context) => {
    needs(context, qemu, 'socat', 'qemu-img', 'qemu-io');
    const said = await run('sh', [script('snapshots-and-backups.sh')], { QEMU: pathOf(qemu) });
    expect(said).toMatch(/all is well\n$/);
  });

  test('a Python client asks much at once, over asyncio', { timeout: 60_000 }, async (context) => {
    needs(context, qemu, 'python3');
    expect(await run('python3', [script('asyncio-client.py'), pathOf(qemu), folder])).toBe('all is well\n');
  });
});

describe('over NBD, from the storage daemon', { timeout: 60_000 }, () => {
  const uri = () => `nbd+unix:///disk?socket=${join(folder, 'nbd')}`;

  /** Exports `disk.qcow2` as `disk` while `use` runs. */
  async function exporting(use: () => Promise<void>): Promise<void> {
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', 'disk.qcow2', '4M']);
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x5a 1M 64k', 'disk.qcow2']);
    const words =
      '--blockdev qcow2,node-name=disk,file.driver=file,file.filename=disk.qcow2 ' +
      '--nbd-server addr.type=unix,addr.path=nbd --export nbd,id=e,node-name=disk,writable=on --daemonize --pidfile pid';
    await run(bin('qmpcheck-storage-daemon'), words.split(' '));
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    try {
      await use();
    } finally {
      process.kill(pid, 'SIGTERM');
      while (existsSync(join(folder, 'pid'))) await sleep(10);
    }
  }

  const pattern = (file: string, from: number, to: number) =>
    new Set(readFileSync(join(folder, file)).subarray(from, to));

  test('nbdinfo tells of the export, and of its extents', async (context) => {
    needs(context, 'qemu-img', 'qemu-io', 'nbdinfo');
    await exporting(async () => {
      const { exports } = JSON.parse(await run('nbdinfo', ['--json', uri()])) as {
        exports: [{ 'export-size': number; is_read_only: boolean }];
      };
      expect(exports[0]).toMatchObject({ 'export-size': 4 << 20, is_read_only: false });
      const map = JSON.parse(await run('nbdinfo', ['--json', '--map', uri()])) as {
        offset: number;
        length: number;
        type: number;
      }[];
      expect(map.find(({ type }) => type === 0)).toMatchObject({ offset: 1 << 20, length: 65536 });
    });
  });

  test('nbdcopy copies it out, and in again', async (context) => {
    needs(context, 'qemu-img', 'qemu-io', 'nbdcopy');
    await exporting(async () => {
      await run('nbdcopy', [uri(), 'out.raw']);
      expect(pattern('out.raw', 1 << 20, (1 << 20) + 65536)).toEqual(new Set([0x5a]));
      expect(pattern('out.raw', 0, 1 << 20)).toEqual(new Set([0]));
      await run('qemu-io', ['-f', 'raw', '-c', 'write -P 0x77 3M 4k', 'out.raw']);
      await run('nbdcopy', ['out.raw', uri()]);
    });
    await run('qemu-img', ['convert', '-O', 'raw', 'disk.qcow2', 'disk.raw']);
    expect(readFileSync(join(folder, 'disk.raw')).equals(readFileSync(join(folder, 'out.raw')))).toBe(true);
    await run('qemu-img', ['check', '-q', 'disk.qcow2']);
  });

  test('qemu-img and qemu-io read, write and compare', async (context) => {
    needs(context, 'qemu-img', 'qemu-io');
    await exporting(async () => {
      const info = JSON.parse(await run('qemu-img', ['info', '--output=json', uri()])) as object;
      expect(info).toMatchObject({ 'virtual-size': 4 << 20, format: 'raw' });
      const lines = [
        'write -P 0x33 0 64k',
        'read -P 0x33 0 64k',
        'write -z 1M 4k',
        'discard 2M 64k',
        'flush',
      ];
      const said = await run('qemu-io', ['-f', 'raw', ...lines.flatMap((line) => ['-c', line]), uri()]);
      expect(said).not.toMatch(/fail|error/i);
      await run('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', uri(), 'out.raw']);
      await run('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', uri(), 'out.raw']);
    });
    expect(pattern('out.raw', 0, 65536)).toEqual(new Set([0x33]));
    expect(pattern('out.raw', 1 << 20, (1 << 20) + 4096)).toEqual(new Set([0]));
    expect(pattern('out.raw', (1 << 20) + 4096, (1 << 20) + 65536)).toEqual(new Set([0x5a]));
    await run('qemu-img', ['check', '-q', 'disk.qcow2']);
  });

  test('virtnbdbackup, where it needs no libvirt, finds what to back up', async (context) => {
    needs(context, 'qemu-img', 'qemu-io');
    const python = '/usr/bin/python3';
    try {
      execFileSync(python, ['-c', 'import libvirtnbdbackup.nbdcli'], { stdio: 'ignore' });
    } catch {
      context.skip('virtnbdbackup is not installed');
    }
    await exporting(async () => {
      const program = script('virtnbdbackup-extents.py');
      const found = await run(python, [program, join(folder, 'nbd'), 'disk', 'out.raw']);
      expect(found).toContain('(True, 1048576, 65536)');
    });
    expect(pattern('out.raw', 1 << 20, (1 << 20) + 65536)).toEqual(new Set([0x5a]));
    expect(pattern('out.raw', 0, 1 << 20)).toEqual(new Set([0]));
  });
});
