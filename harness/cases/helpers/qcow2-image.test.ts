import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { enginesUnavailable, requireOrSkip } from '../../testing/engines.ts';
import { buildQcow2, isQcow2, parseQcow2 } from './qcow2-image.ts';

const run = promisify(execFile);
const shape = { size: 256 * 1024, clusterSize: 16 * 1024 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qcow2-image-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('qcow2 images of the cases', () => {
  test('what was built is parsed again', () => {
    const bytes = buildQcow2({
      ...shape,
      backing: { name: 'below.img', format: 'raw' },
      clusters: new Map([
        [0, 1],
        [9, 2],
      ]),
    });
    expect(isQcow2(bytes)).toBe(true);
    const image = parseQcow2(bytes);
    expect(image).toMatchObject({ ...shape, backing: 'below.img' });
    expect(image.cluster(0)).toEqual(Buffer.alloc(shape.clusterSize, 1));
    expect(image.cluster(9)).toEqual(Buffer.alloc(shape.clusterSize, 2));
    expect(image.cluster(1)).toBeNull();
  });

  test('an image without backing file names none, and a raw one is refused', () => {
    expect(parseQcow2(buildQcow2(shape)).backing).toBeNull();
    expect(() => parseQcow2(Buffer.alloc(512))).toThrow('not a qcow2 image');
  });

  test('qemu-img finds what was built sound, and we read what qemu-io wrote', async (context) => {
    requireOrSkip(context, 'qemu', enginesUnavailable('qemu-img', 'qemu-io'));
    const path = join(folder, 'x.qcow2');
    await writeFile(path, buildQcow2({ ...shape, clusters: new Map([[3, 7]]) }));
    await run('qemu-img', ['check', '-q', '-f', 'qcow2', path]);
    const io = ['read -P 7 48k 16k', 'read -P 0 0 48k', 'write -P 9 80k 16k', 'write -z 112k 16k'];
    await run('qemu-io', ['-f', 'qcow2', ...io.flatMap((command) => ['-c', command]), path]);
    const image = parseQcow2(await readFile(path));
    expect(image.cluster(5)).toEqual(Buffer.alloc(shape.clusterSize, 9));
    expect(image.cluster(7)).toBe('zero');
    expect(image.cluster(3)).toEqual(Buffer.alloc(shape.clusterSize, 7));
  });
});
