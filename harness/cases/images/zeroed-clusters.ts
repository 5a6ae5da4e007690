/** Clusters of qcow2 of every kind, over nothing and over a backing file: what they read as, and what becomes of each where it is zeroed, discarded, written. */
import { deflateRawSync } from 'node:zlib';
import { COPIED } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import type { RequiredText } from '../case-text.ts';
import { addQcow2, chainNodes, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, dataOf, isCompressed, parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

const CLUSTER = 4 * KiB;
const COUNT = 8;
const SIZE = COUNT * CLUSTER;
const [BELOW, JUNK] = [0x5a, 0x77];
const TAKE = 'blockdev-snapshot-internal-sync';
/** By what is in the clusters of an image at first. The last two have data in a row, and nothing is at stake there. */
const KINDS = ['data', 'nothing', 'zero', 'kept zero', 'compressed', 'kept zero', 'data', 'data'] as const;
const READS_AS_ZERO = 1n;
const [FIRST, SECOND] = [dataOf(CLUSTER) + 3 * CLUSTER, dataOf(CLUSTER) + 4 * CLUSTER];

interface Shape {
  readonly version: 2 | 3;
  readonly isOver: boolean;
}

const SHAPES: readonly Shape[] = [
  { version: 3, isOver: false },
  { version: 3, isOver: true },
  { version: 2, isOver: false },
  { version: 2, isOver: true },
];

/** Version 2 has no zeroes: it has data there. */
function imageOf(version: 2 | 3, base: CaseFile | undefined): Buffer {
  return buildQcow2({
    size: SIZE,
    clusterSize: CLUSTER,
    version,
    ...(base && { backing: { name: base.path, format: 'raw' } }),
    clusters: new Map([
      [0, 0x11],
      [6, 0x16],
      [7, 0x17],
      [3, JUNK],
      [5, JUNK],
    ]),
    compressed: new Map([[4, deflateRawSync(Buffer.alloc(CLUSTER, 0x14), { windowBits: 12 })]]),
    ...(version === 3 && {
      entries: new Map([
        [2, READS_AS_ZERO],
        [3, BigInt(FIRST) | COPIED | READS_AS_ZERO],
        [5, BigInt(SECOND) | COPIED | READS_AS_ZERO],
      ]),
    }),
  });
}

/** The bytes of each cluster at first: one value each. */
function bytesAtFirst({ version, isOver }: Shape): number[] {
  const below = isOver ? BELOW : 0;
  const zeroed = version === 3 ? [0, 0, 0] : [below, JUNK, JUNK];
  return [0x11, below, zeroed[0]!, zeroed[1]!, 0x14, zeroed[2]!, 0x16, 0x17];
}

/** What a cluster is in the file. `kept`: it has the place that it had. */
function kindOf(bytes: Buffer, before: Buffer, index: number): string {
  const place = placeOf(bytes, index);
  const held = parseQcow2(bytes).cluster(index);
  const kind = isCompressed(bytes, index)
    ? 'compressed'
    : held === null
      ? 'nothing'
      : held === 'zero'
        ? 'zero'
        : 'data';
  if (place === null || kind === 'compressed') return kind;
  return place === placeOf(before, index) ? `kept ${kind}` : `new ${kind}`;
}

const REQUESTS = [
  { what: 'a write of zeroes', kind: 'write-zeroes', unmap: false },
  { what: 'a write of zeroes that may give places back', kind: 'write-zeroes', unmap: true },
  { what: 'a discard', kind: 'discard', unmap: true },
] as const;
type Request = (typeof REQUESTS)[number];

/** How many of the clusters are zeroed. */
const ZEROED = 6;

/** What becomes of the clusters that are zeroed; undefined: they stay what they are. */
function kindsAfter({ version, isOver }: Shape, { kind, unmap }: Request): readonly string[] | undefined {
  if (version === 2 && isOver) {
    // no entry says that there are zeroes: a discard, which need not do anything, does nothing
    if (kind === 'discard') return undefined;
    return ['kept data', 'new data', 'new data', 'kept data', 'new data', 'kept data'];
  }
  if (version === 2) return Array(ZEROED).fill('nothing');
  if (!unmap) return ['kept zero', 'zero', 'zero', 'kept zero', 'zero', 'kept zero'];
  return Array(ZEROED)
    .fill('zero')
    .with(1, kind === 'discard' && !isOver ? 'nothing' : 'zero');
}

/** States what each cluster reads as, by one byte, of which all its bytes are. */
function checkClusters(t: CaseContext, read: Buffer, bytes: readonly number[], when: RequiredText): void {
  const expected = Buffer.concat(bytes.map((byte) => Buffer.alloc(CLUSTER, byte)));
  const at = read.equals(expected) ? -1 : read.findIndex((byte, index) => byte !== expected[index]);
  t.check(at === -1, when, `byte ${at} is ${read[at]} in place of ${expected[at]}`);
}

async function checkZeroed(t: CaseContext, shape: Shape, request: Request, base: CaseFile): Promise<void> {
  const before = imageOf(shape.version, shape.isOver ? base : undefined);
  const file = await makeFile(t, before);
  const node = await addQcow2(t, file, { discard: 'unmap' });
  const io = await openIo(t, node);
  const first = bytesAtFirst(shape);
  const name = `version ${shape.version}${shape.isOver ? ' over a backing file' : ''}, ${request.what}`;
  checkClusters(
    t,
    await io.read(0, SIZE),
    first,
    `${name}: each cluster must read as its entry says at first`,
  );
  const { what: _, ...asked } = request;
  await io.perform({ ...asked, offset: 0, length: ZEROED * CLUSTER });
  const kinds = kindsAfter(shape, request);
  const then = first.map((byte, index) => (kinds !== undefined && index < ZEROED ? 0 : byte));
  checkClusters(t, await io.read(0, SIZE), then, `${name}: what is zeroed must read as zeroes, and no more`);
  await io.close();
  await release(t, [node]);
  const bytes = await bytesOf(t, file.local);
  const found = KINDS.map((_kind, index) => kindOf(bytes, before, index));
  const wanted = KINDS.map((_kind, index) => kinds?.[index] ?? kindOf(before, before, index));
  t.equal(found, wanted, `${name}: entries must say that there are zeroes, with a place or without one`);
}

/** The cases of such clusters. */
export const zeroedClusters: readonly CaseDefinition[] = [
  {
    id: 'qcow2/clusters-zeroed',
    title:
      'Clusters of every kind that are zeroed or discarded read as zeroes, and keep or lose their places as the request says',
    requirements: ['qcow2/shapes', 'BlockdevDiscardOptions/unmap'],
    needs: needs(chainNodes, nodeBytes),
    async run(t: CaseContext) {
      const base = await makeFile(t, Buffer.alloc(SIZE, BELOW));
      for (const shape of SHAPES) for (const request of REQUESTS) await checkZeroed(t, shape, request, base);
    },
  },
  {
    id: 'qcow2/kept-zeroes-written',
    title:
      'A cluster of zeroes that has a place is written there, with zeroes around, and elsewhere once a snapshot has it too',
    requirements: ['qcow2/shapes'],
    needs: needs(chainNodes, nodeBytes, { commands: [TAKE] }),
    async run(t: CaseContext) {
      const base = await makeFile(t, Buffer.alloc(SIZE, BELOW));
      const before = imageOf(3, base);
      const file = await makeFile(t, before);
      const node = await addQcow2(t, file);
      const expected = Buffer.concat(
        bytesAtFirst({ version: 3, isOver: true }).map((byte) => Buffer.alloc(CLUSTER, byte)),
      );
      const write = async (at: number, length: number, byte: number): Promise<void> => {
        const io = await openIo(t, node);
        await io.perform({ kind: 'write', offset: at, length, byte });
        expected.fill(byte, at, at + length);
        const read = await io.read(0, SIZE);
        await io.close();
        t.check(
          read.equals(expected),
          'the disk must read as it was written, and as before elsewhere',
          `after a write of ${length} bytes at ${at} it does not`,
        );
      };
      await write(3 * CLUSTER + 512, 512, 0x44);
      await t.execute(TAKE, { device: node, name: 'one' });
      await write(3 * CLUSTER + 2048, 512, 0x45);
      await write(6 * CLUSTER - 512, 1024, 0x46);
      await write(CLUSTER + 1024, CLUSTER, 0x47);
      await release(t, [node]);
      const bytes = await bytesOf(t, file.local);
      t.equal(
        KINDS.map((_, index) => kindOf(bytes, before, index)),
        'kept data,new data,new data,new data,compressed,new data,new data,kept data'.split(','),
        'what a snapshot has too must be written elsewhere',
      );
      const again = await addQcow2(t, file, { 'read-only': true });
      t.check(
        (await readNode(t, again, 0, SIZE)).equals(expected),
        'the image must be read again as it was written',
        'it is not',
      );
    },
  },
  {
    id: 'qcow2/kept-zeroes-in-place',
    title: 'A cluster of zeroes that only the disk has is written in its place',
    requirements: ['qcow2/shapes'],
    needs: needs(chainNodes, nodeBytes),
    async run(t: CaseContext) {
      const before = imageOf(3, undefined);
      const file = await makeFile(t, before);
      const node = await addQcow2(t, file);
      await writeNode(t, node, 2 * CLUSTER + 512, 2 * CLUSTER - 1024, 0x44);
      await writeNode(t, node, 5 * CLUSTER, CLUSTER, 0x45);
      const expected = Buffer.alloc(2 * CLUSTER).fill(0x44, 512, 2 * CLUSTER - 512);
      const read = await readNode(t, node, 2 * CLUSTER, 2 * CLUSTER);
      t.check(read.equals(expected), 'zeroes must be around what was written', 'something else is');
      await release(t, [node]);
      const bytes = await bytesOf(t, file.local);
      t.equal(
        KINDS.map((_, index) => kindOf(bytes, before, index)).slice(2, 6),
        ['new data', 'kept data', 'compressed', 'kept data'],
        'what has a place must be written there',
      );
    },
  },
];
