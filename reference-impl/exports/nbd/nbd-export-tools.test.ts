/** Other people's NBD clients on our server: they find there what our nodes hold, and what they write our nodes show. */
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Node } from '../../graph/node.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { type Fixture, nbdFixture } from '../../testing/nbd-export-fixture.ts';

const reason = whyMissing(['nbdinfo', 'nbdcopy', 'qemu-img', 'qemu-io'], 'nbd');
const SIZE = 4 << 20;

describe.skipIf(reason !== undefined)(`NBD tools${reason === undefined ? '' : ` (${reason})`}`, () => {
  let fixture: Fixture;
  let image: string;
  let disk: Node;
  beforeEach(async () => {
    fixture = await nbdFixture();
    image = join(fixture.folder, 'disk.img');
    await writeFile(image, pattern(1 << 20));
    await truncate(image, SIZE);
    disk = await fixture.open({ driver: 'file', 'node-name': 'disk', filename: image });
    fixture.server.add(disk, 'disk', true);
  });
  afterEach(() => fixture.end());

  test('nbdinfo lists the exports and what each can do', async () => {
    fixture.server.add(
      await fixture.open({ driver: 'null-co', 'node-name': 'n', 'read-only': true }),
      'ro',
      true,
    );
    const listed = JSON.parse(await run('nbdinfo', '--json', '--list', fixture.uri(''))) as {
      readonly protocol: string;
      readonly exports: readonly Record<string, unknown>[];
    };
    expect(listed).toMatchObject({ protocol: 'newstyle-fixed', structured: true });
    const common = { can_flush: true, can_fua: true, can_cache: true, can_df: true, can_multi_conn: true };
    const [first, second] = listed.exports;
    expect(first).toMatchObject({
      'export-name': 'disk',
      'export-size': SIZE,
      is_read_only: false,
      can_trim: true,
      can_zero: true,
      contexts: ['base:allocation'],
      ...common,
      block_size_minimum: 1,
      block_size_preferred: 4096,
      block_size_maximum: 32 << 20,
    });
    expect(second).toMatchObject({ 'export-name': 'ro', is_read_only: true, can_trim: false, ...common });
  });

  test('nbdinfo maps the states of a disk', async () => {
    const map = JSON.parse(await run('nbdinfo', '--json', '--map', fixture.uri('disk'))) as object[];
    expect(map).toEqual([{ offset: 0, length: SIZE, type: 0, description: 'data' }]);
  });

  test('nbdcopy copies it, over several connections', async () => {
    const copy = join(fixture.folder, 'copy.img');
    await run('nbdcopy', '--connections=4', fixture.uri('disk'), copy);
    expect((await readFile(copy)).equals(await readFile(image))).toBe(true);
  });

  test('nbdcopy writes it', async () => {
    const source = join(fixture.folder, 'source.img');
    await writeFile(source, Buffer.concat([Buffer.alloc(SIZE - 4096), pattern(4096)]));
    await run('nbdcopy', '--flush', source, fixture.uri('disk'));
    expect((await readFile(image)).equals(await readFile(source))).toBe(true);
  });

  test('qemu-img finds it equal to the image', async () => {
    const said = await run('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', image, fixture.uri('disk'));
    expect(said).toContain('Images are identical.');
  });

  test('qemu-img converts onto it', async () => {
    const source = join(fixture.folder, 'source.qcow2');
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', source, String(SIZE));
    await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 0x5a 1M 192k', source);
    await run('qemu-img', 'convert', '-n', '-O', 'raw', source, fixture.uri('disk'));
    const said = await run('qemu-img', 'compare', '-F', 'raw', source, image);
    expect(said).toContain('Images are identical.');
  });

  test('qemu-io writes, zeroes, discards, flushes, and reads it back', async () => {
    const commands = [
      'write -f -P 0x11 1000 70000',
      'write -z -u 4k 8k',
      'discard 64k 64k',
      'flush',
      'read -P 0 4k 8k',
    ];
    const said = await run(
      'qemu-io',
      '-f',
      'raw',
      ...commands.flatMap((each) => ['-c', each]),
      fixture.uri('disk'),
    );
    expect(said).not.toMatch(/failed|verification/i);
    const buffer = Buffer.alloc(2);
    await disk.io.read(1000, buffer);
    expect([...buffer]).toEqual([0x11, 0x11]);
  });

  test('holes of an image are holes to its clients', async () => {
    const top = await fixture.open({
      driver: 'raw',
      'node-name': 'window',
      file: 'disk',
      offset: 0,
      size: 65536,
    });
    fixture.server.add(top, 'window', false);
    const said = await run('qemu-img', 'map', '--output=json', '-f', 'raw', fixture.uri('window'));
    expect(JSON.parse(said)).toMatchObject([{ start: 0, length: 65536, data: true, zero: false }]);
  });
});

function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
}
