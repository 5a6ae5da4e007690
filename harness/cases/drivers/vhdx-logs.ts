/** The log of VHDX images: what is written into it before tables change, and what an image becomes whose log must be replayed. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf, rewriteFile } from '../helpers/image-files.ts';
import { le32, le64 } from '../helpers/made-formats/bytes.ts';
import {
  buildVhdx,
  parseVhdx,
  VHDX_HEADERS,
  VHDX_REGION_TABLES,
  VHDX_STATE,
  VHDX_TABLE,
  vhdxEntry,
} from '../helpers/made-formats/made-vhdx.ts';
import {
  buildLogEntry,
  LOG_SECTOR,
  type LogEntry,
  type Logged,
  parseLog,
  withLog,
} from '../helpers/made-formats/made-vhdx-log.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { type CaseFile, fileNodes, MiB, makeFile, needs } from '../helpers/shared-setup.ts';

const SIZE = 2 * MiB;
const LENGTH = 6 * MiB;
/** Where the blocks of the disk lie, and a log of two mebibytes behind them. */
const [FIRST, SECOND] = [4 * MiB, 5 * MiB] as const;
const SMALL = [MiB, MiB] as const;
const LARGE = [LENGTH, 2 * MiB] as const;

/** With data in no more of the blocks than logs are about. */
const soundImage = () =>
  buildVhdx({
    size: SIZE,
    blockSize: MiB,
    entries: [
      [VHDX_STATE.present, 4],
      [VHDX_STATE.present, 5],
    ],
    length: LENGTH,
  })
    .fill(0, FIRST + 16 * LOG_SECTOR, SECOND)
    .fill(0, SECOND + 160 * LOG_SECTOR);

/** A sector whose bytes all say where they stand. */
const sector = (seed: number) =>
  Buffer.from(Array.from({ length: LOG_SECTOR }, (_, at) => (at * 7 + (at >> 8) + seed) & 255));

interface Replay {
  readonly what: string;
  readonly log?: readonly [offset: number, length: number];
  readonly entries: readonly LogEntry[];
  /** What becomes of the file; undefined where the image must be refused. */
  readonly changes: readonly Logged[] | undefined;
  /** Bytes of the file afterwards. */
  readonly length?: number;
}

const entry = (
  at: number,
  sequence: number | bigint,
  changes: readonly Logged[],
  more: Partial<LogEntry> = {},
) => ({
  at,
  tail: at,
  sequence: BigInt(sequence),
  changes,
  flushed: LENGTH,
  last: LENGTH,
  ...more,
});

const A: Logged = [FIRST, sector(1)];
const B: Logged = [FIRST + 3 * LOG_SECTOR, sector(2)];
const C: Logged = [SECOND + LOG_SECTOR, sector(3)];
const ZEROES: Logged = [SECOND + 8 * LOG_SECTOR, 2 * LOG_SECTOR];
const OTHER_A: Logged = [FIRST, sector(9)];
/** Where an entry stands that has nothing to do with the first, and the id of another log. */
const [NEWER, OTHER_ID] = [16 * LOG_SECTOR, Buffer.alloc(16, 3)] as const;

/** An older entry that is whole, and a newer one that is not: the older one alone is replayed. */
const torn = (what: string, newer: LogEntry): Replay => ({
  what: `a newer entry ${what}`,
  entries: [entry(0, 7, [A]), newer],
  changes: [A],
});
const flawed = (what: string, at: number, bytes: Buffer | string): Replay =>
  torn(what, entry(NEWER, 8, [OTHER_A, C], { flaw: [[at, bytes]] }));

/** A sector of the table by which the first block lies where the second one did, and the second nowhere. */
const TABLE: Logged = [
  VHDX_TABLE,
  Buffer.concat([vhdxEntry(VHDX_STATE.present, 5), vhdxEntry(VHDX_STATE.zero, 0)], LOG_SECTOR),
];

/** Zeroes for so many sectors, each by a descriptor of its own. */
const zeroed = (count: number) =>
  Array.from({ length: count }, (_, index): Logged => [SECOND + (9 + index) * LOG_SECTOR, LOG_SECTOR]);
const far = { flushed: LENGTH + 2 * MiB, last: LENGTH + 2 * MiB };

const REPLAYS: readonly Replay[] = [
  { what: 'a sector', entries: [entry(0, 1, [A])], changes: [A] },
  {
    what: 'several sectors and zeroes',
    entries: [entry(5 * LOG_SECTOR, (5n << 32n) | 6n, [A, ZEROES, B, C])],
    changes: [A, ZEROES, B, C],
  },
  { what: 'a table of blocks', entries: [entry(0, 1, [TABLE])], changes: [TABLE] },
  {
    what: 'as many changes as a sector has descriptors for',
    entries: [entry(0, 3, [...zeroed(125), A])],
    changes: [...zeroed(125), A],
  },
  {
    what: 'entries that follow each other',
    entries: [
      entry(0, 4, [OTHER_A, B]),
      entry(3 * LOG_SECTOR, 5, [A], { tail: 0 }),
      entry(5 * LOG_SECTOR, 6, [C, ZEROES], { tail: 0 }),
    ],
    changes: [B, A, C, ZEROES],
  },
  {
    what: 'an entry in the second mebibyte of a log',
    log: LARGE,
    entries: [entry(0, 3, [OTHER_A], far), entry(MiB + LOG_SECTOR, 4, [A, C], far)],
    changes: [A, C],
  },
  torn('of another log', entry(NEWER, 8, [OTHER_A], { id: OTHER_ID })),
  { what: 'no entry of the log', entries: [entry(0, 7, [A], { id: OTHER_ID })], changes: [] },
  flawed('without a mark', 0, 'logf'),
  flawed('with a length within a sector', 8, le32(3 * LOG_SECTOR + 512)),
  flawed('of no length', 8, le32(0)),
  flawed('that is too short for its sectors', 8, le32(2 * LOG_SECTOR)),
  flawed('that is longer than the log', 8, le32(2 * MiB)),
  flawed('of the number 0', 16, le64(0)),
  {
    what: 'an entry for a longer file',
    entries: [entry(0, 1, [A], { flushed: LENGTH + MiB, last: LENGTH + MiB })],
    changes: undefined,
  },
];

/** What QEMU has rules of its own for. */
const BY_THE_FORMAT: readonly Replay[] = [
  {
    what: 'entries behind what has been done',
    entries: [
      entry(0, 4, [OTHER_A, B]),
      entry(3 * LOG_SECTOR, 5, [A]),
      entry(5 * LOG_SECTOR, 6, [C], { tail: 3 * LOG_SECTOR }),
    ],
    changes: [A, C],
  },
  {
    what: 'more changes than a sector has descriptors for',
    entries: [entry(0, 3, [...zeroed(126), A])],
    changes: [...zeroed(126), A],
  },
  {
    what: 'an entry over the end of the ring',
    entries: [
      entry(MiB - 3 * LOG_SECTOR, 4, [A, B, C]),
      entry(LOG_SECTOR, 5, [ZEROES], { tail: MiB - 3 * LOG_SECTOR }),
    ],
    changes: [A, B, C, ZEROES],
  },
  torn('whose tail is not there', entry(NEWER, 8, [OTHER_A], { tail: 2 * NEWER })),
  torn('whose tail is behind the log', entry(NEWER, 8, [OTHER_A], { tail: MiB })),
  torn('after a gap', entry(2 * LOG_SECTOR, 9, [OTHER_A], { tail: 0 })),
  flawed('with a tail within a sector', 12, le32(NEWER + 512)),
  flawed('with a descriptor of no kind', 64, 'desk'),
  flawed('with a descriptor of another number', 96 + 24, le64(7)),
  flawed('with a descriptor within a sector', 96 + 16, le64(FIRST + 512)),
  flawed('with a sector of no kind', LOG_SECTOR, 'dato'),
  flawed('with a sector that begins with another number', 2 * LOG_SECTOR + 4, le32(1)),
  flawed('with a sector that ends with another number', 3 * LOG_SECTOR - 4, le32(7)),
  {
    what: 'an entry that makes the file longer',
    entries: [entry(0, 1, [A, [LENGTH + LOG_SECTOR, sector(4)]], { last: LENGTH + MiB })],
    changes: [A, [LENGTH + LOG_SECTOR, sector(4)]],
    length: LENGTH + MiB,
  },
];

/** The file without its headers and its log, which may say something else afterwards. */
function withoutLog(image: Buffer, [offset, length]: readonly [offset: number, length: number]): Buffer {
  return image.fill(0, VHDX_HEADERS[0], VHDX_REGION_TABLES[0]).fill(0, offset, offset + length);
}

/** A node over the file that becomes one image after another. */
interface Place {
  readonly node: string;
  readonly file: CaseFile;
  readonly sound: Buffer;
}

async function checkReplay(t: CaseContext, { node, file, sound }: Place, replay: Replay): Promise<void> {
  const { what, log = SMALL, entries, changes, length } = replay;
  const image = withLog(
    sound,
    log,
    entries.map((one) => ({ at: one.at, bytes: buildLogEntry(one) })),
  );
  await rewriteFile(file.local, image);
  const open = { driver: 'vhdx', 'node-name': node, file: { driver: 'file', filename: file.path } };
  const opens = async (readOnly: boolean) =>
    (await t.request({ execute: 'blockdev-add', arguments: { ...open, 'read-only': readOnly } })).error ===
    undefined;
  if (changes === undefined || changes.length > 0)
    t.check(!(await opens(true)), `${what}: an image to be replayed must not open to be read`, 'it does');
  const isTaken = await opens(false);
  t.check(
    isTaken === (changes !== undefined),
    `${what}: the image must be ${changes ? 'taken' : 'refused'}`,
    `it is ${isTaken ? 'taken' : 'refused'}`,
  );
  if (changes === undefined) return;
  await t.execute('blockdev-del', { 'node-name': node });
  const bytes = await bytesOf(t, file.local);
  const { broken, logId } = parseVhdx(bytes);
  const expected = length === undefined ? image : Buffer.concat([image], length);
  for (const [offset, change] of changes)
    expected.set(typeof change === 'number' ? Buffer.alloc(change) : change, offset);
  const [found, wanted] = [withoutLog(bytes, log), withoutLog(expected, log)];
  t.equal(found.length, wanted.length, `${what}: the file must be as long as the log says`);
  const at = found.equals(wanted) ? -1 : found.findIndex((byte, index) => byte !== wanted[index]);
  t.check(
    at === -1,
    `${what}: the file must have what the log says, and no more`,
    `byte ${at} is ${found[at]} in place of ${wanted[at]}`,
  );
  if (changes.length === 0) return;
  t.equal([...broken], [], `${what}: structures must hold their own checksums`);
  t.check(
    logId.every((byte) => byte === 0),
    `${what}: no log may be left to be replayed`,
    'one is',
  );
}

function replayCase(id: string, title: string, replays: readonly Replay[]): CaseDefinition {
  return {
    id: `formats/${id}`,
    title,
    requirements: ['formats/content'],
    needs: needs(fileNodes, { drivers: ['vhdx'] }),
    async run(t: CaseContext) {
      const place = { file: await makeFile(t, 0), node: t.name('vhdx'), sound: soundImage() };
      for (const replay of replays) await checkReplay(t, place, replay);
    },
  };
}

/** Blocks whose entries lie in three sectors of the table. */
const FAR = [0, 600, 1100] as const;

const loggedCase: CaseDefinition = {
  id: 'formats/vhdx-logged',
  title: 'What a VHDX image has in its table after a flush stands in whole entries of its log',
  requirements: ['formats/content'],
  needs: needs(fileNodes, { ...nodeBytes, drivers: ['vhdx'] }),
  async run(t: CaseContext) {
    const entries = Array.from({ length: 1200 }, () => [VHDX_STATE.zero, 0] as const);
    const image = buildVhdx({ size: 1200 * MiB, blockSize: MiB, entries, length: 4 * MiB });
    const { path, local } = await makeFile(t, image);
    const node = t.name('vhdx');
    await t.execute('blockdev-add', {
      driver: 'vhdx',
      'node-name': node,
      file: { driver: 'file', filename: path },
    });
    const io = await openIo(t, node);
    for (const [index, block] of FAR.entries())
      await io.perform({ kind: 'write', offset: block * MiB, length: 512, byte: index + 1 });
    await io.perform({ kind: 'flush' });
    await io.close();
    const bytes = await bytesOf(t, local);
    const log = parseLog(bytes.subarray(MiB, 2 * MiB));
    for (const { sequence, flaws, id, flushed, last } of log) {
      t.equal([...flaws], [], `entry ${sequence} of the log must be whole`);
      t.check(
        id.some((byte) => byte !== 0),
        `entry ${sequence} of the log must have an id`,
        'it has none',
      );
      t.check(
        flushed <= last && last <= bytes.length && flushed >= 4 * MiB,
        `entry ${sequence} of the log must tell of the file's length`,
        `it tells of ${flushed} and ${last}`,
      );
    }
    for (const block of FAR) {
      const offset = VHDX_TABLE + Math.floor(block / 512) * LOG_SECTOR;
      const logged = log.flatMap(({ sectors }) => sectors.filter((one) => one.offset === offset)).at(-1);
      t.check(
        logged?.bytes.equals(bytes.subarray(offset, offset + LOG_SECTOR)) === true,
        `the log must have the sector of the table that block ${block} is in`,
        logged ? 'it has another' : 'it has none',
      );
      t.check(
        parseVhdx(bytes).entries[block]![0] === VHDX_STATE.present,
        'a written block must be there',
        'it is not',
      );
    }
    await t.execute('blockdev-del', { 'node-name': node });
  },
};

/** The cases of logs. */
export const vhdxLogs: readonly CaseDefinition[] = [
  replayCase(
    'vhdx-replayed',
    'A VHDX image whose log must be replayed gets the changes of the newest entries, in order, and nothing else',
    REPLAYS,
  ),
  replayCase(
    'vhdx-replayed-exactly',
    'Of the log of a VHDX image the sequence from the tail of its newest whole entry on is replayed, and what that says',
    BY_THE_FORMAT,
  ),
  loggedCase,
];
