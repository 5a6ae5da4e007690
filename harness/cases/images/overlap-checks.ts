/** overlap-check: which writes into metadata are stopped. A guest cluster of the image is led into the table at stake. */
import type { Json } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, release } from '../helpers/backing-chains.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, writeNode } from '../helpers/node-io.ts';
import {
  buildQcow2,
  dataOf,
  entryTo,
  l1TableOf,
  l2TableOf,
  refcountTableOf,
  tablesOf,
} from '../helpers/qcow2-image.ts';
import { makeFile, needs } from '../helpers/shared-setup.ts';

const overlaps = needs(chainNodes, { ...nodeBytes, events: ['BLOCK_IMAGE_CORRUPTED'] });
const TAKE = 'blockdev-snapshot-internal-sync';

const PLACES = tablesOf(CLUSTER);

/** Where the parts of a snapshot are, once the disk has an L2 table of its own again. */
interface SnapshotPlaces {
  readonly 'snapshot-table': number;
  readonly 'inactive-l1': number;
  readonly 'inactive-l2': number;
}

type Section = keyof typeof PLACES | keyof SnapshotPlaces;

/** What becomes of a write to a cluster that is led into `section`, on a node with this overlap-check. */
async function writeInto(t: CaseContext, section: Section, check?: Json): Promise<'stopped' | 'written'> {
  const [bytes, at] =
    section in PLACES
      ? plain(section as keyof typeof PLACES)
      : await withSnapshots(t, section as keyof SnapshotPlaces, 1);
  return writeTo(t, bytes, at, CLUSTER, check);
}

/** What becomes of a write of `length` bytes at the start of the disk, which is led to byte `at` of the file. */
async function writeTo(
  t: CaseContext,
  bytes: Buffer,
  at: number,
  length: number,
  check?: Json,
  reopened?: string,
): Promise<'stopped' | 'written'> {
  const file = await makeFile(t, bytes);
  const node = await addQcow2(t, file, check === undefined ? {} : { 'overlap-check': check });
  if (reopened !== undefined) await qemuIo(t, node, `reopen -o ${reopened}`);
  const outcome = await attempt(t, node, { kind: 'write', offset: 0, length, byte: 0x5a });
  if (outcome !== 'done') await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node });
  await release(t, [node]);
  const after = (await bytesOf(t, file.local)).subarray(at, at + length);
  const overwritten = after.includes(Buffer.alloc(512, 0x5a));
  t.equal(overwritten, outcome === 'done', 'the table must be overwritten exactly where the write succeeds');
  return outcome === 'done' ? 'written' : 'stopped';
}

function plain(section: keyof typeof PLACES): [Buffer, number] {
  const at = PLACES[section];
  const entries = new Map([[0, entryTo(at)]]);
  return [
    buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[1, 0x11]]), entries }),
    at,
  ];
}

/** The same with `count` snapshots that the endpoint took; the place is that of the last one. */
async function withSnapshots(
  t: CaseContext,
  section: keyof SnapshotPlaces,
  count: number,
): Promise<[Buffer, number]> {
  const shape = { size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[1, 0x11]]) };
  const file = await makeFile(t, buildQcow2(shape));
  const node = await addQcow2(t, file);
  for (let taken = 1; taken <= count; taken += 1) {
    await t.execute(TAKE, { device: node, name: `snapshot ${taken}` });
    await writeNode(t, node, CLUSTER, CLUSTER, 0x22);
  }
  await release(t, [node]);
  const bytes = await bytesOf(t, file.local);
  const offsetAt = (at: number): number => Number(bytes.readBigUInt64BE(at) & 0x00ff_ffff_ffff_fe00n);
  const table = offsetAt(64);
  let entry = table;
  for (let passed = 1; passed < count; passed += 1) entry += entryLength(bytes.subarray(entry));
  const l1 = offsetAt(entry);
  const places: SnapshotPlaces = { 'snapshot-table': table, 'inactive-l1': l1, 'inactive-l2': offsetAt(l1) };
  const active = offsetAt(offsetAt(40));
  t.check(
    active !== places['inactive-l2'],
    'the disk must have an L2 table of its own again',
    'it shares that of the snapshot',
  );
  bytes.writeBigUInt64BE(entryTo(places[section]), active);
  return [bytes, places[section]];
}

/** Of an entry of a table of snapshots: the fixed part, what is extra, id and name, up to the next 8 bytes. */
function entryLength(entry: Buffer): number {
  const parts = 40 + entry.readUInt32BE(36) + entry.readUInt16BE(12) + entry.readUInt16BE(14);
  return Math.ceil(parts / 8) * 8;
}

const SECTOR = 512;

/** An image in clusters of a sector whose L1 and refcount tables have two each, and where the second ones are. */
function wideTables(): { bytes: Buffer; seconds: Readonly<Record<'active-l1' | 'refcount-table', number>> } {
  const room = [10, 11, 12, 13];
  const bytes = buildQcow2({
    size: 128 * 64 * SECTOR,
    clusterSize: SECTOR,
    clusters: new Map(room.map((index) => [index, 0])),
    entries: new Map(room.map((index) => [index, 0n])),
  });
  const [l1, counts] = [dataOf(SECTOR), dataOf(SECTOR) + 2 * SECTOR];
  bytes.copy(bytes, l1, l1TableOf(SECTOR), l1TableOf(SECTOR) + SECTOR);
  bytes.copy(bytes, counts, refcountTableOf(SECTOR), refcountTableOf(SECTOR) + SECTOR);
  bytes.writeUInt32BE(128, 36);
  bytes.writeBigUInt64BE(BigInt(l1), 40);
  bytes.writeBigUInt64BE(BigInt(counts), 48);
  bytes.writeUInt32BE(2, 56);
  return { bytes, seconds: { 'active-l1': l1 + SECTOR, 'refcount-table': counts + SECTOR } };
}

async function judge(
  t: CaseContext,
  section: Section,
  check: Json | undefined,
  expected: 'stopped' | 'written',
) {
  t.equal(
    await writeInto(t, section, check),
    expected,
    `a write into ${section} must be ${expected} with overlap-check ${JSON.stringify(check ?? 'absent')}`,
  );
}

/** What a node begins with, what the human monitor says then, and what becomes of a write into the refcount table. */
const REOPENED: readonly (readonly [check: Json, line: string, outcome: 'stopped' | 'written'])[] = [
  ['none', 'overlap-check=constant', 'stopped'],
  ['none', 'overlap-check.template=cached', 'stopped'],
  ['none', 'overlap-check=all,overlap-check.template=all', 'stopped'],
  ['none', 'overlap-check=none,overlap-check.refcount-table=on', 'stopped'],
  ['none', 'overlap-check.active-l1=on', 'written'],
  [{ template: 'cached', 'refcount-table': false }, 'overlap-check.template=all', 'stopped'],
  [{ template: 'cached', 'refcount-table': false }, 'overlap-check=all', 'stopped'],
  [{ template: 'cached', 'refcount-table': false }, 'overlap-check.active-l1=off', 'written'],
  [{ template: 'none' }, 'overlap-check.active-l1=on', 'written'],
  [{ template: 'cached', 'refcount-table': false }, 'overlap-check.refcount-table=on', 'stopped'],
  ['none', 'cache-size=1M', 'written'],
  ['none', 'overlap-check=x', 'written'],
  ['none', 'overlap-check.refcount-table=x', 'written'],
  ['none', 'overlap-check.nothing=on', 'written'],
  ['none', 'overlap-check=all,overlap-check.template=constant', 'written'],
  ['all', 'overlap-check=none', 'written'],
  ['all', 'overlap-check.template=constant,overlap-check.refcount-table=off', 'written'],
  ['all', 'lazy-refcounts=on', 'stopped'],
];

const FLAGS: readonly Section[] = [
  'active-l1',
  'active-l2',
  'refcount-table',
  'refcount-block',
  'snapshot-table',
  'inactive-l1',
  'inactive-l2',
];

const ofSnapshots = needs(overlaps, { oneOf: nodeBytes.oneOf!, commands: [TAKE] });

export const overlapChecks: readonly CaseDefinition[] = [
  {
    id: 'qcow2/overlap-check-none',
    title: 'With overlap-check none a write into the refcount table is not stopped',
    requirements: ['Qcow2OverlapCheckMode/none', 'Qcow2OverlapChecks/mode'],
    needs: overlaps,
    run: (t: CaseContext) => judge(t, 'refcount-table', 'none', 'written'),
  },
  {
    id: 'qcow2/overlap-check-reopened',
    title: 'What the human monitor says of overlaps holds from then on, unless it is refused',
    requirements: ['Qcow2OverlapChecks/mode', 'Qcow2OverlapCheckFlags/flags'],
    needs: needs(overlaps, hmpIo),
    async run(t: CaseContext) {
      const [bytes, at] = plain('refcount-table');
      for (const [check, line, outcome] of REOPENED)
        t.equal(
          await writeTo(t, bytes, at, CLUSTER, check, line),
          outcome,
          `a write into the refcount table must be ${outcome} after ${line} on ${JSON.stringify(check)}`,
        );
    },
  },
  {
    id: 'qcow2/overlap-check-constant',
    title: 'With overlap-check constant a write into the refcount table is stopped, into an L2 table not',
    requirements: ['Qcow2OverlapCheckMode/constant'],
    needs: overlaps,
    async run(t: CaseContext) {
      for (const section of ['refcount-table', 'active-l1'] as const)
        await judge(t, section, 'constant', 'stopped');
      for (const section of ['active-l2', 'refcount-block'] as const)
        await judge(t, section, 'constant', 'written');
    },
  },
  {
    id: 'qcow2/overlap-check-cached',
    title: 'With overlap-check cached a write into an L2 table is stopped, into one of a snapshot not',
    requirements: ['Qcow2OverlapCheckMode/cached'],
    needs: ofSnapshots,
    async run(t: CaseContext) {
      for (const section of ['active-l2', 'refcount-block'] as const)
        await judge(t, section, 'cached', 'stopped');
      await judge(t, 'inactive-l2', 'cached', 'written');
    },
  },
  {
    id: 'qcow2/overlap-check-all',
    title: 'With overlap-check all a write into the L2 table of a snapshot is stopped too',
    requirements: ['Qcow2OverlapCheckMode/all'],
    needs: ofSnapshots,
    run: (t: CaseContext) => judge(t, 'inactive-l2', 'all', 'stopped'),
  },
  {
    id: 'qcow2/overlap-check-default',
    title: 'Without overlap-check, and with flags without template, the checks are those of cached',
    requirements: ['qcow2/overlap-check-default', 'Qcow2OverlapCheckFlags/template-default'],
    needs: ofSnapshots,
    async run(t: CaseContext) {
      for (const check of [undefined, {}]) {
        await judge(t, 'active-l2', check, 'stopped');
        await judge(t, 'inactive-l2', check, 'written');
      }
    },
  },
  {
    id: 'qcow2/overlap-check-of-snapshots',
    title: 'Which tables of snapshots a mode guards: constant that of snapshots, cached their L1 tables too',
    requirements: [
      'Qcow2OverlapCheckMode/constant',
      'Qcow2OverlapCheckMode/cached',
      'Qcow2OverlapCheckMode/none',
    ],
    needs: ofSnapshots,
    async run(t: CaseContext) {
      const guards: Readonly<Record<string, readonly Section[]>> = {
        none: [],
        constant: ['snapshot-table'],
        cached: ['snapshot-table', 'inactive-l1'],
      };
      for (const [mode, guarded] of Object.entries(guards))
        for (const section of ['snapshot-table', 'inactive-l1'] as const)
          await judge(t, section, mode, guarded.includes(section) ? 'stopped' : 'written');
    },
  },
  {
    id: 'qcow2/overlap-check-of-template',
    title: 'A template alone makes the checks of the mode of that name',
    requirements: ['Qcow2OverlapCheckFlags/flags', 'Qcow2OverlapChecks/flags'],
    needs: ofSnapshots,
    async run(t: CaseContext) {
      await judge(t, 'refcount-table', { template: 'none' }, 'written');
      await judge(t, 'refcount-table', { template: 'constant' }, 'stopped');
      await judge(t, 'refcount-block', { template: 'constant' }, 'written');
      await judge(t, 'refcount-block', { template: 'cached' }, 'stopped');
      await judge(t, 'inactive-l2', { template: 'cached' }, 'written');
      await judge(t, 'inactive-l2', { template: 'all' }, 'stopped');
    },
  },
  {
    id: 'qcow2/overlap-check-whole-tables',
    title: 'Tables of several clusters are guarded to their ends, and nothing but them',
    requirements: ['Qcow2OverlapCheckFlags/flags'],
    needs: overlaps,
    async run(t: CaseContext) {
      for (const section of ['active-l1', 'refcount-table'] as const)
        for (const isGuarded of [true, false]) {
          const { bytes, seconds } = wideTables();
          bytes.writeBigUInt64BE(entryTo(seconds[section]), l2TableOf(SECTOR));
          const check = { template: isGuarded ? 'none' : 'all', [section]: isGuarded };
          t.equal(
            await writeTo(t, bytes, seconds[section], SECTOR, check),
            isGuarded ? 'stopped' : 'written',
            `a write into the second cluster of ${section} must be ${isGuarded ? 'stopped' : 'written'}`,
          );
        }
    },
  },
  {
    id: 'qcow2/overlap-check-later-cluster',
    title: 'A write that meets a guarded structure behind its first cluster is stopped as a whole',
    requirements: ['Qcow2OverlapCheckFlags/flags'],
    needs: overlaps,
    async run(t: CaseContext) {
      for (const section of ['refcount-block', 'active-l2'] as const) {
        const at = PLACES[section] - CLUSTER;
        const entries = new Map([
          [0, entryTo(at)],
          [1, entryTo(at + CLUSTER)],
        ]);
        const bytes = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, entries });
        t.equal(
          await writeTo(t, bytes, at, 2 * CLUSTER, { template: 'none', [section]: true }),
          'stopped',
          `a write that ends in ${section} must be stopped`,
        );
      }
    },
  },
  {
    id: 'qcow2/overlap-check-second-snapshot',
    title: 'The tables of every snapshot are guarded, not those of the first alone',
    requirements: ['Qcow2OverlapCheckFlags/flags'],
    needs: ofSnapshots,
    async run(t: CaseContext) {
      for (const section of ['inactive-l1', 'inactive-l2'] as const) {
        const [bytes, at] = await withSnapshots(t, section, 2);
        const check = { template: 'none', [section]: true };
        t.equal(
          await writeTo(t, bytes, at, CLUSTER, check),
          'stopped',
          `a write into ${section} of the second snapshot must be stopped`,
        );
      }
    },
  },
  ...FLAGS.map(
    (section): CaseDefinition => ({
      id: `qcow2/overlap-flag-${section}`,
      title: `The flag ${section} guards its structure where the template does not, and the other way round`,
      requirements: ['Qcow2OverlapCheckFlags/flags', 'Qcow2OverlapChecks/flags'],
      needs: section in PLACES ? overlaps : ofSnapshots,
      async run(t: CaseContext) {
        await judge(t, section, { template: 'none', [section]: true }, 'stopped');
        await judge(t, section, { template: 'all', [section]: false }, 'written');
      },
    }),
  ),
];
