/**
 * Metamorphic relations: two ways that must come to the same, or a way there and back. They need no knowledge of the right
 * answer. The fuzzer has those that are about whole programs (`harness/fuzz/metamorphic.ts`).
 */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addChain,
  addImage,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  guestContent,
  makeEmpty,
  readImage,
  release,
} from './helpers/backing-chains.ts';
import { bytesOf } from './helpers/image-files.ts';
import { backupJobs, mirrorJobs, succeeded } from './helpers/job-steps.ts';
import { nodeIo, openIo } from './helpers/node-io.ts';
import { addRaw, type CaseFile, fileNodes, KiB, makeFile, needs } from './helpers/shared-setup.ts';
import { offersDriver } from './node-kinds.ts';

const SIZE = 256 * KiB;

/** The same requests for every node: data, zeroes, ends of sectors and clusters, one over another. */
const WRITES = [
  { offset: 0, length: 64 * KiB, byte: 0x11 },
  { offset: 60 * KiB, length: 8 * KiB, byte: 0 },
  { offset: 96 * KiB + 512, length: 512, byte: 0x22 },
  { offset: 128 * KiB, length: 64 * KiB, byte: 0 },
  { offset: SIZE - 4 * KiB, length: 4 * KiB, byte: 0x33 },
] as const;

/** What can stand above a raw image and changes none of its bytes. */
const ABOVE: readonly {
  readonly what: string;
  readonly driver?: string;
  readonly options: (file: JsonObject) => JsonObject;
}[] = [
  { what: 'a second raw node', options: (file) => ({ driver: 'raw', file: { driver: 'raw', file } }) },
  { what: 'detect-zeroes', options: (file) => ({ driver: 'raw', 'detect-zeroes': 'on', file }) },
  {
    what: 'unmapping of zeroes',
    options: (file) => ({ driver: 'raw', discard: 'unmap', 'detect-zeroes': 'unmap', file }),
  },
  { what: 'no flushes', options: (file) => ({ driver: 'raw', cache: { 'no-flush': true }, file }) },
  {
    what: 'blkdebug',
    driver: 'blkdebug',
    options: (image) => ({ driver: 'raw', file: { driver: 'blkdebug', image } }),
  },
  {
    what: 'large alignment',
    driver: 'blkdebug',
    options: (image) => ({ driver: 'raw', file: { driver: 'blkdebug', align: 4096, image } }),
  },
  {
    what: 'a quorum of one',
    driver: 'quorum',
    options: (file) => ({ driver: 'quorum', 'vote-threshold': 1, children: [{ driver: 'raw', file }] }),
  },
];

async function write(t: CaseContext, node: string): Promise<void> {
  const io = await openIo(t, node);
  for (const request of WRITES) await io.perform({ kind: 'write', ...request });
  await io.close();
}

/** Writes to a new image through a node of these options, and gives what its file holds then. */
async function writtenThrough(t: CaseContext, options: (file: JsonObject) => JsonObject): Promise<Buffer> {
  const image = await makeFile(t, SIZE);
  const node = t.name('node');
  await t.execute('blockdev-add', {
    'node-name': node,
    ...options({ driver: 'file', filename: image.path }),
  });
  await write(t, node);
  await t.execute('blockdev-del', { 'node-name': node });
  return bytesOf(t, image.local);
}

/** Copies a node into a new raw file by this job, and gives the file. */
async function copied(t: CaseContext, type: 'backup' | 'mirror', device: string): Promise<CaseFile> {
  const { name: target, file } = await addRaw(t, CHAIN_SIZE);
  const id = t.name('job');
  await t.execute(`blockdev-${type}`, { 'job-id': id, device, target, sync: 'full' });
  if (type === 'mirror') {
    await t.event('BLOCK_JOB_READY', { device: id });
    await t.execute('block-job-cancel', { device: id });
  }
  await succeeded(t, id, type);
  await t.execute('blockdev-del', { 'node-name': target });
  return file;
}

export const relationCases: readonly CaseDefinition[] = [
  {
    id: 'relations/backup-is-mirror',
    title: 'A full backup and a full mirror of a source that rests are equal, byte for byte',
    requirements: ['blockdev-backup/copies', 'blockdev-mirror/copies'],
    needs: needs(backupJobs, mirrorJobs, fileNodes),
    async run(t: CaseContext) {
      const source = await addImage(t, 3);
      const [backup, mirror] = [
        await copied(t, 'backup', source.node),
        await copied(t, 'mirror', source.node),
      ];
      const [ours, theirs] = [await bytesOf(t, backup.local), await bytesOf(t, mirror.local)];
      t.check(ours.equals(theirs), 'both copies must hold the same bytes', 'they do not');
      await release(t, source.nodes);
      t.check(
        (await guestContent(t, source.file.local)).equals(ours),
        'the copies must hold what the image and its backing files do',
        'they hold something else',
      );
    },
  },
  {
    id: 'relations/same-bytes-through-filters',
    title: 'The same writes leave the same bytes in a raw image, whatever passes them on',
    requirements: ['raw/file', 'blockdev-add/detect-zeroes', 'blockdev-add/cache'],
    needs: needs(fileNodes, nodeIo),
    async run(t: CaseContext) {
      const plain = await writtenThrough(t, (file) => ({ driver: 'raw', file }));
      t.check(plain.includes(0x22), 'what is written must be in the file', 'it is not');
      for (const { what, driver, options } of ABOVE) {
        if (driver !== undefined && !offersDriver(t.endpointSchema, driver)) continue;
        t.check(
          (await writtenThrough(t, options)).equals(plain),
          `with ${what} the file must hold the same bytes as without`,
          'it does not',
        );
      }
    },
  },
  {
    id: 'relations/snapshot-then-commit',
    title: 'A snapshot whose overlay nobody wrote to, committed again, leaves the image as it was',
    requirements: ['blockdev-snapshot/installs-backing', 'block-commit/commits'],
    needs: needs(chainNodes, {
      commands: ['blockdev-snapshot', 'block-commit', 'block-job-complete'],
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const [base] = await addChain(t, 1);
      const overlay = await addQcow2(t, await makeEmpty(t), { backing: null });
      await t.execute('blockdev-snapshot', { node: base!.node, overlay });
      const id = t.name('job');
      await t.execute('block-commit', { 'job-id': id, device: overlay });
      await t.event('BLOCK_JOB_READY', { device: id });
      await t.execute('block-job-complete', { device: id });
      await succeeded(t, id, 'commit');
      t.check(
        (await guestContent(t, base!.file.local)).equals(Buffer.alloc(CHAIN_SIZE, 0x11)),
        'the image must hold what it did',
        'it holds something else',
      );
    },
  },
  {
    id: 'relations/same-value-again',
    title: 'Giving an image the size and the backing file that it has changes no byte of its file',
    requirements: ['block_resize/data-kept', 'change-backing-file/writes-header'],
    needs: needs(chainNodes, { commands: ['block_resize', 'change-backing-file'] }),
    async run(t: CaseContext) {
      const [base, top] = await addChain(t, 2);
      const before = await readImage(t, top!.file);
      const bytes = await bytesOf(t, top!.file.local);
      await t.execute('block_resize', { 'node-name': top!.node, size: CHAIN_SIZE });
      await t.execute('change-backing-file', {
        device: top!.node,
        'image-node-name': top!.node,
        'backing-file': base!.file.path,
      });
      await release(t, [base!.node, top!.node]);
      const after = await readImage(t, top!.file);
      t.equal(after.size, before.size, 'the size must stay');
      t.equal(after.backing, before.backing, 'the name of the backing file must stay');
      t.check(
        (await bytesOf(t, top!.file.local)).subarray(CLUSTER).equals(bytes.subarray(CLUSTER)),
        'all that follows the header must stay as it was',
        'it changed',
      );
    },
  },
];
