/** overlap-check: which writes into metadata are stopped. A guest cluster of the image is led into the table at stake. */
import type { Json } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, entryTo, tablesOf } from '../helpers/qcow2-image.ts';
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
      : await withSnapshot(t, section as keyof SnapshotPlaces);
  const file = await makeFile(t, bytes);
  const node = await addQcow2(t, file, check === undefined ? {} : { 'overlap-check': check });
  const outcome = await attempt(t, node, { kind: 'write', offset: 0, length: CLUSTER, byte: 0x5a });
  if (outcome !== 'done') await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node });
  await release(t, [node]);
  const after = (await bytesOf(t, file.local)).subarray(at, at + CLUSTER);
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

/** The same with a snapshot that the endpoint took. */
async function withSnapshot(t: CaseContext, section: keyof SnapshotPlaces): Promise<[Buffer, number]> {
  const shape = { size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[1, 0x11]]) };
  const file = await makeFile(t, buildQcow2(shape));
  const node = await addQcow2(t, file);
  await t.execute(TAKE, { device: node, name: 'one' });
  await writeNode(t, node, CLUSTER, CLUSTER, 0x22);
  await release(t, [node]);
  const bytes = await bytesOf(t, file.local);
  const offsetAt = (at: number): number => Number(bytes.readBigUInt64BE(at) & 0x00ff_ffff_ffff_fe00n);
  const table = offsetAt(64);
  const l1 = offsetAt(table);
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
      await judge(t, 'active-l2', 'cached', 'stopped');
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
