/** Requests that the human monitor's qemu-io makes of a drive, in all their spellings: what they change, and what they count as. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { checkContent, readImage } from './helpers/backing-chains.ts';
import { addBitmap } from './helpers/bitmaps.ts';
import { deviceBitmaps, insertedIn, NOTHING_COUNTED, statsOf } from './helpers/device-info.ts';
import { hmpIo, qemuIo } from './helpers/human-monitor-io.ts';
import { bytesOf } from './helpers/image-files.ts';
import { KiB, needs, queryList } from './helpers/shared-setup.ts';

const SIZE = 64 * KiB;

const asked: Topology = {
  name: 'asked-drive',
  images: [{ path: 'asked.img', format: 'raw', size: SIZE, fill: [{ offset: 0, length: SIZE, byte: 0x11 }] }],
  options: ['-drive', 'if=none,id=asked,file=@DIR@/asked.img,format=raw'],
  monitors: 1,
};

/** What a request leaves behind: bytes of a value in a range. */
type Written = readonly [offset: number, length: number, byte: number];

const WRITES: readonly (readonly [line: string, written: Written])[] = [
  ['write 0 512', [0, 512, 0xcd]],
  ['write -P 0x21 512 1k', [512, 1024, 0x21]],
  ['w -P 34 0x400 512', [1024, 512, 0x22]],
  ['write -P35 -q -p 2048 512', [2048, 512, 0x23]],
  ['write -Cfq 2048 1024', [2048, 1024, 0xcd]],
  ['write -P 255 65024 512', [65024, 512, 0xff]],
  ['write -P 0 3072 512', [3072, 512, 0]],
  ['writev -P 0x24 4096 512 1024', [4096, 1536, 0x24]],
  ['writev -Cfq 4096 512', [4096, 512, 0xcd]],
  ['aio_write -P 0x25 8192 512 512 512', [8192, 1536, 0x25]],
  ['aio_write -Cfq 8192 512', [8192, 512, 0xcd]],
  ['write -z 512 512', [512, 512, 0]],
  ['write -zu 1024 512', [1024, 512, 0]],
  ['write -z -f 2048 512', [2048, 512, 0]],
  ['write -c -z 2560 512', [2560, 512, 0]],
  ['aio_write -z 4096 512', [4096, 512, 0]],
  ['aio_write -z -P 1 5120 512', [5120, 512, 0]],
  ['aio_write -zu 8192 512', [8192, 512, 0]],
  ['write -s @FILE@ 12288 1024', [12288, 1024, 0x26]],
];

/** Lines that are no requests: what is missing, too much, unknown, no number, or excludes each other. */
const COMPLAINTS: readonly string[] = [
  ['write 0', 'write', 'write 0 512 512', 'writev 0', 'aio_write 0', 'writes 0 512', 'write x 512'],
  [
    'write 0 x',
    'write -P 256 0 512',
    'write -P 0x100 0 512',
    'write -P x 0 512',
    'write -P',
    'write -x 0 512',
  ],
  ['writev -z 0 512', 'writev -p 0 512', 'aio_write -p 0 512', 'aio_write -n 0 512', 'write -i 0 512'],
  [
    'write 65536 512',
    'write 65024 1024',
    'writev 65024 512 512',
    'write -z 65024 1024',
    'aio_write 65536 512',
  ],
  ['write -b -c 0 512', 'write -b -z 0 512', 'write -f -b 0 512', 'write -f -c 0 512'],
  ['write -z -P 1 0 512', 'write -u 0 512', 'write -n 0 512', 'write -z -s @FILE@ 0 512'],
  ['write -P 1 -s @FILE@ 0 512', 'write -s @FILE@x 0 512', 'aio_write -u 0 512'],
].flat();

/** What else a drive counts. */
const COUNTED: readonly (readonly [line: string, counted: JsonObject])[] = [
  ['aio_read 0 512 1024', { rd_operations: 1, rd_bytes: 1536 }],
  ['aio_read -Cqv -P 0x11 0 512', { rd_operations: 1, rd_bytes: 512 }],
  ['aio_read -i 0 512', { invalid_rd_operations: 1 }],
  ['aio_write -i 0 512', { invalid_wr_operations: 1 }],
  ['aio_read 65536 512', { failed_rd_operations: 1 }],
  ['aio_write 65536 1024', { failed_wr_operations: 1 }],
  ['aio_write -z 0 512', { wr_highest_offset: 512 }],
  ['aio_write -f 512 1024', { wr_operations: 1, wr_bytes: 1024, wr_highest_offset: 1536 }],
  ['aio_flush', { flush_operations: 1 }],
  ['write 2048 512', { wr_highest_offset: 2560 }],
  ['writev 2560 512 512', { wr_highest_offset: 3584 }],
  ['write -z 4096 512', { wr_highest_offset: 4608 }],
  ['read 0 512', {}],
  ['readv 0 512', {}],
  ['r -P 0x11 0 512', {}],
  ['flush', {}],
  ['f', {}],
  ['aio_read', {}],
  ['aio_flush 0', {}],
];

/** Lines that say how long an image is to be, or do not say it as they should, and how long it is then. */
const TRUNCATED: readonly (readonly [line: string, size: number])[] = [
  ['truncate 128k', 128 * KiB],
  ['t 0x8000', 32 * KiB],
  ['truncate', 32 * KiB],
  ['truncate -x 4096', 32 * KiB],
  ['truncate 4096', 4 * KiB],
];

const COPIED_SIZE = 1024 * KiB;

/** A drive that keeps what is read through it: so a read leaves something behind. */
const copying: Topology = {
  name: 'copying-drive',
  images: [
    {
      path: 'below.img',
      format: 'raw',
      size: COPIED_SIZE,
      fill: [{ offset: 0, length: COPIED_SIZE, byte: 0x11 }],
    },
    {
      path: 'above.qcow2',
      format: 'qcow2',
      size: COPIED_SIZE,
      options: 'cluster_size=64k',
      backing: { path: 'below.img', format: 'raw' },
    },
  ],
  options: ['-drive', 'if=none,id=copying,file=@DIR@/above.qcow2,format=qcow2,copy-on-read=on'],
  monitors: 1,
};

/** The same of an image that ends within its third cluster, of which the second is zeroes. */
const copyingEnd: Topology = {
  name: 'copying-end',
  images: [
    {
      path: 'below.img',
      format: 'raw',
      size: 128 * KiB + 512,
      fill: [
        { offset: 0, length: 64 * KiB, byte: 0x11 },
        { offset: 128 * KiB, length: 512, byte: 0x22 },
      ],
    },
    {
      path: 'above.qcow2',
      format: 'qcow2',
      size: 128 * KiB + 1024,
      options: 'cluster_size=64k',
      backing: { path: 'below.img', format: 'raw' },
    },
  ],
  options: copying.options,
  monitors: 1,
};

/** Reads of the first clusters, one each. */
const READS: readonly string[] = [
  'read 0 512',
  'r 64k 512',
  'read -P 0x11 0x20000 1k',
  'read -P17 -Cqpv 192k 512',
  'read -P 0x11 -s 0 -l 512 256k 512',
  'readv 320k 512 512',
  'readv -P 0x11 -Cqv 384k 512',
  'aio_read -P 0x11 -Cqv 448k 512',
];

/** Lines that read nothing of the cluster behind those. */
const NO_READS: readonly string[] = [
  ['read 512k', 'read 512k 512 512', 'readv 512k', 'aio_read 512k', 'read -b 512k 512', 'read -x 512k 512'],
  ['read -l 5 512k 512', 'read -s 0 512k 512', 'read -l x -P 1 512k 512', 'readv -p 512k 512'],
  ['aio_read -p 512k 512', 'aio_read -i 512k 512', 'read 1024k 512', 'read 512k 640k'],
  // nor do these write it
  ['write -b -c 512k 64k', 'write -f -c 512k 64k'],
].flat();

const monitorNeeds = needs(hmpIo, {
  commands: ['query-blockstats'],
  drivers: ['raw', 'file'],
  capabilities: ['drives', 'sharedFiles'],
});

export const monitorRequests: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/writes-of-monitor',
    title:
      'What the human monitor writes to a drive is there in its file, and raises the highest offset as far',
    requirements: ['query-blockstats/highest-offset'],
    needs: monitorNeeds,
    topology: asked,
    fresh: true,
    async run(t: CaseContext) {
      await writeFile(join(t.scratch, 'pattern'), Buffer.alloc(300, 0x26));
      const local = join(t.scratch, 'asked.img');
      const content = await bytesOf(t, local);
      let highest = 0;
      const check = async (line: string): Promise<void> => {
        await qemuIo(t, 'asked', line.replace('@FILE@', `${t.dir}/pattern`));
        await qemuIo(t, 'asked', 'aio_flush');
        await checkContent(t, { path: '', local }, content, `the file after '${line}'`);
        t.contains(
          await statsOf(t, 'asked'),
          { wr_highest_offset: highest },
          `after '${line}' the highest offset must be the end of the farthest write`,
        );
      };
      for (const [line, [offset, length, byte]] of WRITES) {
        content.fill(byte, offset, offset + length);
        highest = Math.max(highest, offset + length);
        await check(line);
      }
      for (const line of COMPLAINTS) await check(line);
    },
  },
  {
    id: 'query-blockstats/counts-of-monitor',
    title:
      'Requests that run beside the human monitor are counted by kind, and those that it waits for are not',
    requirements: ['query-blockstats/counts', 'query-blockstats/failed-and-invalid'],
    needs: monitorNeeds,
    topology: asked,
    fresh: true,
    async run(t: CaseContext) {
      const expected: JsonObject = { ...NOTHING_COUNTED };
      for (const [line, counted] of COUNTED) {
        await qemuIo(t, 'asked', line);
        if (!line.startsWith('aio_flush')) {
          await qemuIo(t, 'asked', 'aio_flush');
          expected.flush_operations = (expected.flush_operations as number) + 1;
        }
        for (const [name, count] of Object.entries(counted))
          expected[name] =
            name === 'wr_highest_offset' ? count : (expected[name] as number) + (count as number);
        t.contains(await statsOf(t, 'asked'), expected, `after '${line}' these must be the counters`);
      }
    },
  },
  {
    id: 'query-blockstats/reads-of-monitor',
    title: 'What the human monitor reads of a drive that copies on read is in its image, and no more',
    requirements: ['query-blockstats/highest-offset'],
    needs: needs(monitorNeeds, { drivers: ['qcow2'] }),
    topology: copying,
    fresh: true,
    async run(t: CaseContext) {
      for (const line of [...READS, ...NO_READS]) {
        await qemuIo(t, 'copying', line);
        await qemuIo(t, 'copying', 'aio_flush');
      }
      await qemuIo(t, 'copying', 'flush');
      const image = await readImage(t, { path: '', local: join(t.scratch, 'above.qcow2') });
      t.equal(
        Array.from({ length: 16 }, (_, index) => image.cluster(index) !== null),
        Array.from({ length: 16 }, (_, index) => index < READS.length),
        'the image must have the clusters that were read',
      );
      t.contains(
        await statsOf(t, 'copying'),
        { wr_highest_offset: 0 },
        'what is copied because it was read must not count as the farthest write',
      );
    },
  },
  {
    id: 'query-blockstats/reads-at-the-end-by-monitor',
    title: 'A last cluster that is cut off is copied when it is read, zeroes as such; no bitmap is told',
    requirements: ['query-blockstats/highest-offset', 'block-dirty-bitmap-add/tracks-writes'],
    needs: needs(monitorNeeds, { commands: ['block-dirty-bitmap-add', 'query-block'], drivers: ['qcow2'] }),
    topology: copyingEnd,
    fresh: true,
    async run(t: CaseContext) {
      const node = String((await insertedIn(t, 'copying'))['node-name']);
      await addBitmap(t, node, 'unmarked');
      await qemuIo(t, 'copying', 'read 64k 512');
      await qemuIo(t, 'copying', 'read 128k 1k');
      await qemuIo(t, 'copying', 'flush');
      const image = await readImage(t, { path: '', local: join(t.scratch, 'above.qcow2') });
      t.check(image.cluster(0) === null, 'what was not read must not be copied', 'it is');
      t.check(
        image.cluster(1) === 'zero',
        'zeroes must be copied as a cluster that is marked',
        'they are not',
      );
      const last = image.cluster(2);
      t.check(
        Buffer.isBuffer(last) && last.subarray(0, 512).every((byte) => byte === 0x22),
        'the last cluster must be copied',
        'it is not',
      );
      t.check(
        last.subarray(512, 1024).every((byte) => byte === 0),
        'what lies beyond the image below must be zeroes',
        'it is something else',
      );
      t.contains(
        (await deviceBitmaps(t, 'copying'))[0] ?? null,
        { name: 'unmarked', count: 0 },
        'what is copied because it was read must not be marked in a bitmap',
      );
    },
  },
  {
    id: 'query-block/truncated-by-monitor',
    title: 'The human monitor makes the image of a drive as long as one number says, and its file with it',
    requirements: ['ImageInfo/virtual-size'],
    needs: needs(monitorNeeds, { commands: ['query-block'] }),
    topology: asked,
    fresh: true,
    async run(t: CaseContext) {
      for (const [line, size] of TRUNCATED) {
        await qemuIo(t, 'asked', line);
        const drive = (await queryList(t, 'query-block')).find(({ device }) => device === 'asked');
        t.contains(
          drive?.inserted ?? null,
          { image: { 'virtual-size': size } },
          `after '${line}' the image must have this size`,
        );
        const { length } = await bytesOf(t, join(t.scratch, 'asked.img'));
        t.equal(length, size, `after '${line}' the file must be as long as the image`);
      }
    },
  },
];
