/** What an endpoint finds in an image, need not understand, and must not lose when it writes header and tables anew. */
import type { JsonObject } from '../../../spec/json.ts';
import { AUTOCLEAR, COMPATIBLE, EXTENSION, parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import { storedSnapshots } from '../../qcow2/snapshot-table.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { type SnapshotEntry, withSnapshotTable } from '../helpers/made-snapshots.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { KiB, makeFile, needs, snapshotsOf } from '../helpers/shared-setup.ts';

const CLUSTER = 4 * KiB;
/** A VM clock that needs all bits of its field, nanoseconds. */
const LATE = (1n << 63n) + 3n;
const SIZE = 64 * KiB;
const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';
const UNKNOWN = [0x12345678, 0x7fffff01] as const;
/** Of a header that has more fields than anybody knows. */
const HEADER = 120;

/** The header, with its extensions as text, without the names of features, which are whoever writes it his own. */
function headerOf(bytes: Buffer): JsonObject {
  const { extensions, ...header } = parseQcow2Header(bytes);
  const kept = [...extensions].filter(([type]) => type !== EXTENSION.featureNames);
  return {
    ...header,
    extensions: Object.fromEntries(kept.map(([type, data]) => [String(type), data.toString('hex')])),
    further: bytes.toString('hex', 104, header.headerLength),
  };
}

/** An image above `below`, with fields, extensions and features that nobody knows. */
function strangeImage(version: 2 | 3, below: string): Buffer {
  const image = buildQcow2({ size: SIZE, clusterSize: CLUSTER, version, clusters: new Map([[3, 0x33]]) });
  let at = version === 2 ? 72 : HEADER;
  if (version === 3) {
    image.writeUInt32BE(HEADER, 100);
    image.write('a1b2c3d4e5f60718', 112, 'hex');
    image.writeBigUInt64BE((1n << 40n) | COMPATIBLE.lazyRefcounts, COMPATIBLE.at);
    image.writeBigUInt64BE(1n << 33n, AUTOCLEAR.at);
  }
  for (const [type, data] of [
    [UNKNOWN[0], 'thirteen byte'],
    [EXTENSION.backingFormat, 'raw'],
    [UNKNOWN[1], 'eight by'],
  ] as const) {
    image.writeUInt32BE(type, at);
    image.writeUInt32BE(data.length, at + 4);
    image.write(data, at + 8);
    at += 8 + Math.ceil(data.length / 8) * 8;
  }
  image.writeBigUInt64BE(BigInt(at + 8), 8);
  image.writeUInt32BE(image.write(below, at + 8), 16);
  return image;
}

/** With ids out of order, and with more and with less in each than there is in those of today. */
const ENTRIES: readonly SnapshotEntry[] = [
  {
    id: '17',
    name: 'with everything',
    seconds: 1_500_000_001,
    nanoseconds: 123_456_789,
    clock: 5_000_000_007n,
    stateSize: 0,
    // more than 32 bits
    extra: '0000000500000003000000000001000000112233445566778899aabbccddeeff0011',
  },
  {
    id: '4',
    name: 'ünd',
    seconds: 0xffff_fffe,
    nanoseconds: 999_999_999,
    clock: 0n,
    stateSize: 4096,
    extra: '',
  },
  {
    id: 'x',
    name: '',
    seconds: 1,
    nanoseconds: 2,
    clock: LATE,
    stateSize: 2048,
    extra: '0000000000000800',
  },
];

/** As queries show an entry. */
const SHOWN: readonly JsonObject[] = [
  {
    id: '17',
    name: 'with everything',
    'vm-state-size': 5 * 2 ** 32 + 3,
    'date-sec': 1_500_000_001,
    'date-nsec': 123_456_789,
    'vm-clock-sec': 5,
    'vm-clock-nsec': 7,
  },
  {
    id: '4',
    name: 'ünd',
    'vm-state-size': 4096,
    'date-sec': 0xffff_fffe,
    'date-nsec': 999_999_999,
    'vm-clock-sec': 0,
    'vm-clock-nsec': 0,
  },
  {
    id: 'x',
    name: '',
    'vm-state-size': 2048,
    'date-sec': 1,
    'date-nsec': 2,
    'vm-clock-sec': Number(LATE / 1_000_000_000n),
    'vm-clock-nsec': Number(LATE % 1_000_000_000n),
  },
];

async function checkShown(t: CaseContext, node: string, expected: readonly JsonObject[]): Promise<void> {
  const snapshots = await snapshotsOf(t, node);
  t.check(snapshots.length === expected.length, 'all snapshots must be told of', 'they are not');
  for (const [index, entry] of expected.entries())
    t.contains(snapshots[index]!, entry, 'all of a snapshot must be told');
}

/** The entries of the table as JSON, each with as much of its extra data as there is in `extras`. */
function tableOf(bytes: Buffer, extras: readonly string[]): JsonObject[] {
  return [...storedSnapshots(bytes, parseQcow2Header(bytes))].map((snapshot, index) => {
    const { id, name, l1Size, seconds, nanoseconds, clock, stateSize, extra } = snapshot;
    return {
      id,
      name,
      l1Size,
      seconds,
      nanoseconds,
      clock,
      stateSize,
      extra: extra.toString('hex').slice(0, extras[index]?.length),
    };
  });
}

export const keptInImages: readonly CaseDefinition[] = [
  ...([2, 3] as const).map(
    (version): CaseDefinition => ({
      id: `qcow2/header-of-version-${version}-kept`,
      title: `A header of version ${version} that is written anew keeps each field and extension, known or not`,
      requirements: ['qcow2/shapes', 'qcow2/unknown-incompatible-refused'],
      needs: needs(chainNodes, { commands: [TAKE, DELETE] }),
      async run(t: CaseContext) {
        const below = await makeFile(t, SIZE);
        const file = await makeFile(t, strangeImage(version, below.path));
        const before = headerOf(await bytesOf(t, file.local));
        const first = await addQcow2(t, file, { 'lazy-refcounts': false });
        await release(t, [first]);
        const opened = { ...before, autoclear: 0n };
        t.equal(
          headerOf(await bytesOf(t, file.local)),
          opened,
          'whoever opens an image must clear the features that he does not know, and only where he has to',
        );
        const second = await addQcow2(t, file, { 'lazy-refcounts': false });
        await t.execute(TAKE, { device: second, name: 'one' });
        await t.execute(TAKE, { device: second, name: 'two' });
        await t.execute(DELETE, { device: second, name: 'one' });
        await release(t, [second]);
        const { snapshotsOffset, ...after } = headerOf(await bytesOf(t, file.local));
        t.check(Number(snapshotsOffset) > 0, 'there must be a table of snapshots', 'there is none');
        t.equal(
          { ...after, snapshotsOffset: 0 },
          { ...opened, snapshots: 1 },
          'all but the snapshots must be kept in the header',
        );
      },
    }),
  ),
  {
    id: 'internal-snapshot/table-kept',
    title: 'Snapshots of other programs are told of whole, and kept with all that they have, beside new ones',
    requirements: ['blockdev-snapshot-internal-sync/takes', 'blockdev-snapshot-delete-internal-sync/deletes'],
    needs: needs(chainNodes, { commands: [TAKE, DELETE] }),
    async run(t: CaseContext) {
      const image = withSnapshotTable(buildQcow2({ size: SIZE, clusterSize: CLUSTER }), ENTRIES);
      const file = await makeFile(t, image);
      const node = await addQcow2(t, file);
      await checkShown(t, node, SHOWN);
      await t.execute(TAKE, { device: node, name: 'new' });
      await checkShown(t, node, [...SHOWN, { id: '18', name: 'new', 'vm-state-size': 0 }]);
      t.contains(
        await t.execute(DELETE, { device: node, id: '4' }),
        SHOWN[1]!,
        'all of the deleted snapshot must be told',
      );
      await release(t, [node]);
      // where there is no size, that of the disk
      const size = '0000000000010000';
      const extras = [ENTRIES[0]!.extra, `${ENTRIES[2]!.extra}${size}`, `${'0'.repeat(16)}${size}`];
      const table = tableOf(await bytesOf(t, file.local), extras);
      // When it was taken, also by the clock of the machine, if there is one, which may have run before.
      const { seconds = 0, nanoseconds = 0, clock = 0 } = table[2] ?? {};
      const added = { id: '18', name: 'new', clock, stateSize: 0, seconds, nanoseconds };
      t.equal(
        table,
        [ENTRIES[0]!, ENTRIES[2]!, added].map((entry, index) => ({
          ...entry,
          extra: extras[index]!,
          l1Size: 1,
        })),
        'the snapshots must be kept as they were, the new one behind them',
      );
      const again = await addQcow2(t, file);
      await checkShown(t, again, [SHOWN[0]!, SHOWN[2]!, { id: '18', name: 'new' }]);
    },
  },
];
