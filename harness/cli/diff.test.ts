/** `qmpcheck diff` as scripts see it: exit codes, lines, JSON, on real endpoints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { callMain, inFolder } from '../testing/command-line.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';

const REFERENCE = ['diff', '--left', 'reference', '--right'];

interface Document {
  readonly differences: readonly { readonly key: string; readonly reason?: string; readonly where: string }[];
  readonly totals: { readonly compared: number };
}

/** Endpoints are started and stopped many times, on machines that may be busy. */
const PATIENT = { timeout: 180_000 };

describe('diff', PATIENT, () => {
  test('finds nothing between the reference and itself in a process of its own', () =>
    inFolder(async (cwd) => {
      writeFileSync(
        join(cwd, 'program.txt'),
        'ground disks\nblock_resize {"node-name":"$n0","size":65536}\n',
      );
      const transcript = {
        name: 'x',
        argv: ['-blockdev', 'driver=file,node-name=n,filename=@DIR@/x'],
        setup: [['@text', '@DIR@/x', 'a'.repeat(1024)]],
        steps: [
          { send: { execute: 'block_resize', arguments: { 'node-name': 'n', size: 512 } } },
          { host: ['@text', '@DIR@/y', 'b'.repeat(512)], rc: 0 },
          { send: { execute: 'blockdev-add', arguments: { driver: 'file', filename: '@DIR@/y' } } },
        ],
      };
      writeFileSync(join(cwd, 'transcript.json'), JSON.stringify(transcript));
      const subjects = ['block_resize/shrink*', 'program.txt', 'transcript.json', '--programs', '2'];
      const args = [...REFERENCE, 'reference:spawn', ...subjects];
      const { code, stdout, stderr } = await callMain(args, { cwd });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(
        /^(timing [^\n]*\n)?(\d+) compared: \2 alike but for schemas and timing, 0 with known differences only, 0 with others; 0 skipped\n$/,
      );
    }));

  test.each([
    ['a target that there is not', [...REFERENCE, 'nothing']],
    ['a pattern without a case', [...REFERENCE, 'reference:spawn', 'no-such/case']],
    ['one side only', ['diff', '--left', 'reference']],
  ])('%s is a fault of the call', async (_, args) => {
    const { code, stdout, stderr } = await callMain(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  test('a file that holds no program is a fault of the call', () =>
    inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'x.txt'), 'hello\n');
      const { code, stderr } = await callMain([...REFERENCE, 'reference:spawn', 'x.txt'], { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain("'ground NAME' comes first");
    }));

  describe('of the reference and qemu-storage-daemon', () => {
    beforeEach((context) => requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon')));
    const CASES = [...REFERENCE, 'qemu-storage-daemon', 'blockdev-add/name-too-long', 'block-stream/refused'];

    test('lists what nothing explains, and fails for it', () =>
      inFolder(async (cwd) => {
        const { code, stdout } = await callMain([...CASES, '--no-expect'], { cwd });
        expect(code).toBe(1);
        expect(stdout).toContain("text block-stream $.error.desc: Invalid parameter 'speed' / ");
        expect(stdout).toMatch(/^ {4}block-stream\/refused, step \d+: left "/m);
        expect(stdout).toMatch(/with known differences only, [12] with others; 0 skipped\n$/);
      }));

    test('passes where all is explained, by the shipped file or by one of the user', () =>
      inFolder(async (cwd) => {
        expect((await callMain(CASES, { cwd })).code).toBe(0);
        writeFileSync(
          join(cwd, 'known.yaml'),
          '- {left: reference, right: qemu-*, reason: mine, differences: ["*"]}\n',
        );
        const args = [...CASES, '--expect', 'known.yaml', '--json'];
        const { code, stdout } = await callMain(args, { cwd });
        const { differences, totals } = JSON.parse(stdout) as Document;
        expect({ code, compared: totals.compared }).toEqual({ code: 0, compared: 2 });
        expect(differences.some(({ reason }) => reason === 'mine')).toBe(true);
        expect(differences.every(({ reason }) => reason !== undefined)).toBe(true);
      }));
  });
});

describe('fuzz --diff', PATIENT, () => {
  test('runs each program on both, and finds nothing between the reference and itself', () =>
    inFolder(async (cwd) => {
      const args = ['fuzz', '--diff', 'reference', '--commands', '1', '--seed', 'cli', '--out', 'out'];
      const { code, stdout } = await callMain(args, { cwd });
      expect(stdout.match(/^deviation .*$/gm) ?? []).toEqual([]);
      expect(stdout).toMatch(/^total: 0 crash, 0 hang, 0 deviation; 24 programs, \d+ commands/m);
      expect(code).toBe(0);
    }));

  test('needs a second target that is there', async () => {
    expect((await callMain(['fuzz', '--diff', 'nothing'])).code).toBe(2);
  });
});
