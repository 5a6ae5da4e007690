/** vvfat with rw: what a guest does to files and directories, step by step, is so in the directory. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { FatGuest, type GuestOptions } from '../helpers/fat-guest.ts';
import { FatVolume } from '../helpers/fat-volume.ts';
import { bytesOf, identityOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { KiB, makeDirectory, needs, nodeCommands } from '../helpers/shared-setup.ts';

const written = {
  ...needs(nodeCommands, { drivers: ['vvfat'], capabilities: ['sharedFiles'] }),
  ...nodeBytes,
};

const CLUSTER = 8 * KiB;

/** Bytes that differ from place to place. */
function bytes(length: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4)).map((_, i) => Math.imul(i + seed, 0x9e3779b1));
  return Buffer.from(words.buffer, 0, length);
}

const START: Readonly<Record<string, Buffer>> = {
  first: bytes(5, 1),
  'second file': bytes(CLUSTER + 100, 2),
  'sub/first': bytes(2 * CLUSTER, 3),
  'sub/inner/file': bytes(700, 4),
};

const GUESTS: readonly (readonly [disk: JsonObject, habits: GuestOptions])[] = [
  [{ floppy: true, 'fat-type': 12 }, {}],
  [{}, { tablesFirst: true, scattered: true }],
];

interface Step {
  /** What the guest has done. */
  readonly what: string;
  act(guest: FatGuest): Promise<void>;
  /** Of the directory, by path; a directory has a slash behind its name and nothing in it. */
  readonly makes?: Readonly<Record<string, Buffer>>;
  readonly removes?: readonly string[];
}

const NOTHING = Buffer.alloc(0);

/** Everything in a directory. */
async function listing(t: CaseContext, local: string, prefix = ''): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(join(local, prefix), { withFileTypes: true })) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory()) {
      found.set(`${path}/`, NOTHING);
      for (const inner of await listing(t, local, `${path}/`)) found.set(...inner);
    } else found.set(path, await bytesOf(t, join(local, path)));
  }
  return found;
}

/** Has guests of several habits take these steps, and looks at the directory after each. */
async function steps(
  t: CaseContext,
  all: readonly Step[],
  look?: (local: string, step: number) => Promise<void>,
) {
  for (const [disk, habits] of GUESTS) {
    const { path, local } = await makeDirectory(t);
    await mkdir(join(local, 'sub', 'inner'), { recursive: true });
    for (const [name, content] of Object.entries(START)) await writeFile(join(local, name), content);
    const expected = await listing(t, local);
    const node = t.name('fat');
    await t.execute('blockdev-add', { driver: 'vvfat', 'node-name': node, dir: path, rw: true, ...disk });
    const io = await openIo(t, node);
    const guest = await FatGuest.open(t, io, habits);
    await look?.(local, -1);
    for (const [number, { what, act, makes = {}, removes = [] }] of all.entries()) {
      await act(guest);
      for (const name of removes) expected.delete(name);
      for (const [name, content] of Object.entries(makes)) expected.set(name, content);
      const found = await listing(t, local);
      t.equal(
        [...found.keys()].toSorted(),
        [...expected.keys()].toSorted(),
        `the directory must have what the guest has when it has ${what}`,
      );
      for (const [name, content] of expected)
        t.check(
          found.get(name)!.equals(content),
          `files must hold what they hold for the guest when it has ${what}`,
          `${name} has ${found.get(name)!.length} bytes, and should have these ${content.length}`,
        );
      await look?.(local, number);
    }
    const volume = await FatVolume.open(t, io);
    const files = await volume.files();
    // Short names have no case.
    const found = new Map([...files].map(([name, file]) => [name.toLowerCase(), file]));
    for (const [name, content] of expected) {
      const file = found.get(name.toLowerCase());
      t.check(file !== undefined, 'the guest must find what it made', `it does not find ${name}`);
      t.check(
        (await volume.content(file)).equals(content),
        'the guest must find what it wrote',
        `${name} has something else`,
      );
    }
    t.equal(files.size, expected.size, 'the guest must find nothing else');
    await io.close();
    await t.execute('blockdev-del', { 'node-name': node });
  }
}

export const directoryGuests: readonly CaseDefinition[] = [
  {
    id: 'vvfat/rw-files',
    title:
      'Files that a guest makes, appends to, cuts, writes anew and removes are so in the directory at once',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      const large = bytes(3 * CLUSTER + 11, 7);
      const more = bytes(2 * CLUSTER, 8);
      const grown = Buffer.concat([large, more]);
      await steps(t, [
        { what: 'made a file', act: (guest) => guest.put('new', large), makes: { new: large } },
        { what: 'appended to one', act: (guest) => guest.append('new', more), makes: { new: grown } },
        {
          what: 'appended a few bytes',
          act: (guest) => guest.append('first', bytes(3, 9)),
          makes: { first: Buffer.concat([START.first!, bytes(3, 9)]) },
        },
        {
          what: 'cut one within its last cluster',
          act: (guest) => guest.cut('second file', CLUSTER + 7),
          makes: { 'second file': START['second file']!.subarray(0, CLUSTER + 7) },
        },
        {
          what: 'cut one to fewer clusters',
          act: (guest) => guest.cut('new', CLUSTER + 1),
          makes: { new: grown.subarray(0, CLUSTER + 1) },
        },
        {
          what: 'written one anew',
          act: (guest) => guest.put('sub/first', bytes(CLUSTER, 11)),
          makes: { 'sub/first': bytes(CLUSTER, 11) },
        },
        { what: 'removed one', act: (guest) => guest.remove('second file'), removes: ['second file'] },
        { what: 'removed one below', act: (guest) => guest.remove('sub/first'), removes: ['sub/first'] },
        {
          what: 'made one in its clusters',
          act: (guest) => guest.put('sub/late', large),
          makes: { 'sub/late': large },
        },
      ]);
    },
  },
  {
    id: 'vvfat/rw-directories',
    title:
      'Directories that a guest makes, renames, moves and removes are so in the directory, with what is in them',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      await steps(t, [
        {
          what: 'made a directory',
          act: (guest) => guest.makeDirectory('made'),
          makes: { 'made/': NOTHING },
        },
        {
          what: 'made a directory in that',
          act: (guest) => guest.makeDirectory('made/deep'),
          makes: { 'made/deep/': NOTHING },
        },
        {
          what: 'made a file in that',
          act: (guest) => guest.put('made/deep/file', bytes(CLUSTER + 3, 5)),
          makes: { 'made/deep/file': bytes(CLUSTER + 3, 5) },
        },
        {
          what: 'renamed a directory',
          act: (guest) => guest.rename('sub', 'bus'),
          removes: ['sub/', 'sub/first', 'sub/inner/', 'sub/inner/file'],
          makes: {
            'bus/': NOTHING,
            'bus/first': START['sub/first']!,
            'bus/inner/': NOTHING,
            'bus/inner/file': START['sub/inner/file']!,
          },
        },
        {
          what: 'removed a file in that',
          act: (guest) => guest.remove('bus/inner/file'),
          removes: ['bus/inner/file'],
        },
        { what: 'removed a directory', act: (guest) => guest.remove('bus/inner'), removes: ['bus/inner/'] },
        {
          what: 'removed the file that it made',
          act: (guest) => guest.remove('made/deep/file'),
          removes: ['made/deep/file'],
        },
        {
          what: 'removed a directory that it made',
          act: (guest) => guest.remove('made/deep'),
          removes: ['made/deep/'],
        },
        {
          what: 'called a directory like that',
          act: (guest) => guest.rename('bus', 'made/deep'),
          removes: ['bus/', 'bus/first'],
          makes: { 'made/deep/': NOTHING, 'made/deep/first': START['sub/first']! },
        },
      ]);
    },
  },
  {
    id: 'vvfat/rw-empty-files',
    title:
      'An empty file that a guest makes, and one that it empties, are in the directory; they may get bytes again',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      await steps(t, [
        { what: 'made an empty file', act: (guest) => guest.put('none', NOTHING), makes: { none: NOTHING } },
        {
          what: 'appended to it',
          act: (guest) => guest.append('none', bytes(600, 10)),
          makes: { none: bytes(600, 10) },
        },
        { what: 'cut it to nothing', act: (guest) => guest.cut('none', 0), makes: { none: NOTHING } },
        {
          what: 'made a directory',
          act: (guest) => guest.makeDirectory('made'),
          makes: { 'made/': NOTHING },
        },
        {
          what: 'made an empty file in that',
          act: (guest) => guest.put('made/none', NOTHING),
          makes: { 'made/none': NOTHING },
        },
        {
          what: 'renamed it',
          act: (guest) => guest.rename('made/none', 'made/still none'),
          removes: ['made/none'],
          makes: { 'made/still none': NOTHING },
        },
        { what: 'removed one', act: (guest) => guest.remove('none'), removes: ['none'] },
      ]);
    },
  },
  {
    id: 'vvfat/rw-moves',
    title: 'Files and directories that a guest moves, under their names too, are there and nowhere else',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      await steps(t, [
        {
          what: 'moved a file up under another name',
          act: (guest) => guest.rename('sub/first', 'moved'),
          removes: ['sub/first'],
          makes: { moved: START['sub/first']! },
        },
        {
          what: 'moved a file down under its name',
          act: (guest) => guest.rename('second file', 'sub/inner/second file'),
          removes: ['second file'],
          makes: { 'sub/inner/second file': START['second file']! },
        },
        {
          what: 'moved a directory',
          act: (guest) => guest.rename('sub/inner', 'inner'),
          removes: ['sub/inner/', 'sub/inner/file', 'sub/inner/second file'],
          makes: {
            'inner/': NOTHING,
            'inner/file': START['sub/inner/file']!,
            'inner/second file': START['second file']!,
          },
        },
      ]);
    },
  },
  {
    id: 'vvfat/rw-long-names',
    title: 'A file has the long name that a guest gives it, whatever characters are in it',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      const names = [
        'thirteen char',
        'fourteen chars',
        'Größer, aus 日本',
        `${'long '.repeat(39)}name`,
        'x'.repeat(250),
      ];
      await steps(
        t,
        names.map((name, i) => ({
          what: `called a file ${name.slice(0, 20)}`,
          act: (guest) => guest.put(name, bytes(9, i)),
          makes: { [name]: bytes(9, i) },
        })),
      );
    },
  },
  {
    id: 'vvfat/rw-broken-names',
    title: 'Pieces of a long name that do not belong together, or not to the entry, are no name',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      const faults: Readonly<Record<string, (pieces: Buffer) => void>> = {
        'of another checksum': (pieces) => pieces.writeUInt8(pieces[13]! ^ 1, 13),
        'all of another checksum': (pieces) => {
          for (const at of [13, 45]) pieces.writeUInt8(pieces[at]! ^ 1, at);
        },
        'the last of another checksum': (pieces) => pieces.writeUInt8(pieces[45]! ^ 1, 45),
        'without the first of them': (pieces) => pieces.writeUInt8(2, 0),
        'with one left out': (pieces) => pieces.writeUInt8(0x43, 0),
        'of number 0': (pieces) => pieces.writeUInt8(0x40, 0),
        'in the wrong order': (pieces) => pieces.writeUInt8(2, 32),
        'of too many': (pieces) => pieces.writeUInt8(0x40 + 21, 0),
        'with a piece that is deleted': (pieces) => pieces.writeUInt8(0xe5, 32),
      };
      let name = 'first';
      await steps(
        t,
        Object.entries(faults).map(([what, fault], i) => {
          const [before, after] = [i === 0 ? 'first' : `guest~${i - 1}`, `guest~${i}`];
          return {
            what: `given a file a name in pieces ${what}`,
            act: async (guest) => {
              if (before === 'first') name = 'first';
              const given = `a name in two pieces ${i}`;
              await guest.rename(name, given, fault);
              name = given;
            },
            removes: [before],
            makes: { [after]: START.first! },
          };
        }),
      );
    },
  },
  {
    id: 'vvfat/rw-same-file',
    title: 'A file that a guest renames, cuts or appends to is the same one to the host',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      const changed: Step[] = [
        {
          what: 'renamed the first file',
          act: (guest) => guest.rename('first', 'other'),
          removes: ['first'],
          makes: { other: START.first! },
        },
        {
          what: 'appended to it',
          act: (guest) => guest.append('other', bytes(9, 3)),
          makes: { other: Buffer.concat([START.first!, bytes(9, 3)]) },
        },
        {
          what: 'cut it',
          act: (guest) => guest.cut('other', 2),
          makes: { other: START.first!.subarray(0, 2) },
        },
      ];
      let inode = 0;
      await steps(t, changed, async (local, step) => {
        const ino = await identityOf(t, join(local, step < 0 ? 'first' : 'other'));
        if (step >= 0)
          t.check(ino === inode, 'the host must not have another file in its place', 'it has one');
        inode = ino;
      });
    },
  },
];
