/** What is looked for in closed images, and that it is found; with QEMU's own tools. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { filesOf, judgeImage, readImage } from './closed-images.ts';
import { ContentsOracle } from './contents-oracle.ts';

const run = promisify(execFile);
const SIZE = 65536;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-resting-'));
});
afterAll(() => rm(folder, { recursive: true }));

const file = (filename: string) => ({ driver: 'file', filename: `${folder}/${filename}` });

/** `base` below `top`, and a part of `base`. */
function oracle(): ContentsOracle {
  const nodes = [
    { driver: 'raw', 'node-name': 'base', file: file('f0') },
    { driver: 'qcow2', 'node-name': 'top', backing: 'base', file: file('f1') },
    { driver: 'raw', 'node-name': 'part', offset: 512, file: file('f2') },
    { driver: 'qcow2', 'node-name': 'alone', file: file('f3') },
  ];
  return new ContentsOracle({
    port: { execute: () => Promise.resolve({}), dir: folder, scratch: folder, timeout: 1 },
    options: nodes.flatMap((node) => ['-blockdev', JSON.stringify(node)]),
  });
}

describe('images that are looked at', () => {
  test('are those of nodes whose contents are known, with all files that these are in', () => {
    const seen = oracle();
    expect(seen.resting()).toEqual([]);
    seen.model.learn('top', Buffer.alloc(SIZE));
    const [image] = seen.resting();
    expect(image!.options).toEqual({
      driver: 'qcow2',
      file: { driver: 'file', filename: 'f1' },
      backing: { driver: 'raw', file: { driver: 'file', filename: 'f0' } },
    });
    expect(filesOf(image!.options).toSorted()).toEqual(['f0', 'f1']);
  });
  test('are none that a job may change yet, nor parts of files, nor on a backing file that nobody named', () => {
    const seen = oracle();
    for (const name of ['base', 'part', 'alone']) seen.model.learn(name, Buffer.alloc(SIZE));
    expect(seen.resting().map(({ node }) => node)).toEqual(['base']);
    const backup = { 'job-id': 'j', device: 'part', target: 'base', sync: 'full' };
    seen.effects.saw('blockdev-backup', backup, true, []);
    for (const name of ['base', 'top']) seen.model.learn(name, Buffer.alloc(SIZE));
    expect(seen.resting()).toEqual([]);
  });
});

describe('what is wrong on disk is found', () => {
  const raw = { driver: 'raw', file: { driver: 'file', filename: 'f0' } };
  const overlay = { driver: 'qcow2', file: { driver: 'file', filename: 'f1' }, backing: raw };

  test('also through a backing file that the header does not name', async ({ skip }) => {
    requireOrSkip({ skip }, 'qemu', enginesUnavailable('qemu-img', 'qemu-io'));
    await writeFile(join(folder, 'f0'), Buffer.alloc(2 * SIZE, 1));
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', 'f1', String(2 * SIZE)], { cwd: folder });
    await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P 7 0 ${SIZE}`, 'f1'], { cwd: folder });
    const bytes = Buffer.alloc(2 * SIZE, 1).fill(7, 0, SIZE);
    const image = { node: 'top', options: overlay, bytes, breach: 'it differs' };
    expect(await judgeImage(image, folder, readImage)).toBe(null);
    const wrong = { ...image, bytes: Buffer.from(bytes).fill(3, SIZE + 9, SIZE + 10) };
    const breach = { offset: SIZE + 9, expected: 3, got: 1 };
    expect(await judgeImage(wrong, folder, readImage)).toMatchObject(breach);
    const longer = { ...image, bytes: Buffer.concat([bytes, bytes]) };
    expect((await judgeImage(longer, folder, readImage))?.message).toMatch(/length/);
  });
  test('nothing is said of what cannot be opened', async () => {
    const none = { driver: 'raw', file: { driver: 'file', filename: 'none' } };
    const image = { node: 'top', options: none, bytes: Buffer.alloc(SIZE), breach: 'it differs' };
    expect(await judgeImage(image, folder, readImage)).toBe(null);
  });
});
