/** blkverify: a device and what it is verified by. */
import { writeFile } from 'node:fs/promises';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import {
  type CaseFile,
  fileNodes,
  KiB,
  needs,
  newFile,
  nodeNames,
  virtualSize,
} from '../helpers/shared-setup.ts';
import { checkReads, filledFile, reads, writes } from './driver-guest.ts';

/** Of the children's files: bytes, and what they are full of. */
export const SIZE = 64 * KiB;
export const BYTE = 5;

const verifyNodes = needs(fileNodes, { drivers: ['blkverify'] });
const read = needs(verifyNodes, nodeBytes);

/** Makes options of a child of those of its file. */
type Wrap = (file: JsonObject) => JsonObject;
const asItIs: Wrap = (file) => file;

/** Adds a blkverify node over new files of `BYTE` all over. */
export async function addVerify(
  t: CaseContext,
  { test = asItIs, raw = asItIs }: { readonly test?: Wrap; readonly raw?: Wrap } = {},
): Promise<{ node: string; test: CaseFile; raw: CaseFile }> {
  const [tested, verifying] = [await filledFile(t, SIZE, BYTE), await filledFile(t, SIZE, BYTE)];
  const node = t.name('verify');
  await t.execute('blockdev-add', {
    driver: 'blkverify',
    'node-name': node,
    test: test(tested.options),
    raw: raw(verifying.options),
  });
  return { node, test: tested, raw: verifying };
}

/** A child whose requests to its sector 16 fail, those of that event. */
export const failingAt =
  (event: 'read_aio' | 'write_aio'): Wrap =>
  (image) => ({
    driver: 'raw',
    file: { driver: 'blkdebug', image, 'inject-error': [{ event, sector: 16 }] },
  });

/** A case whose children differ in the byte at that place, which is within the 4 KiB from 8 KiB on. */
function differingAt(name: string, title: string, at: number): CaseDefinition {
  return {
    id: `blkverify/${name}`,
    title,
    requirements: ['blkverify/compares'],
    needs: read,
    fresh: true,
    async run(t: CaseContext) {
      const { node, raw } = await addVerify(t);
      await writeFile(raw.local, Buffer.alloc(SIZE, BYTE).fill(6, at, at + 1), { flag: 'r+' });
      const guest = await openIo(t, node);
      await checkReads(t, guest, [0, 8192], BYTE, 'beside what differs');
      await t.execute('query-version');
      await reads(guest, [8192, 4096]).catch(() => false);
      await t.ended();
    },
  };
}

export const blkverifyCases: readonly CaseDefinition[] = [
  {
    id: 'blkverify/equal',
    title: 'Reads of children that agree succeed, and a write reaches both',
    requirements: ['blkverify/compares', 'blkverify/writes-both'],
    needs: read,
    async run(t: CaseContext) {
      const { node, test, raw } = await addVerify(t);
      const guest = await openIo(t, node);
      await checkReads(t, guest, [0, SIZE], BYTE, 'of children that agree');
      t.check(await writes(guest, [4096, 512], 7), 'a write must succeed', 'it is refused');
      await checkReads(t, guest, [4096, 512], 7, 'of what was written');
      for (const [name, file] of [
        ['test', test],
        ['raw', raw],
      ] as const)
        t.check(
          (await bytesOf(t, file.local)).equals(Buffer.alloc(SIZE, BYTE).fill(7, 4096, 4608)),
          `${name} must hold what was written, and nothing else must change`,
          'it holds something else',
        );
    },
  },
  differingAt(
    'contents-differ',
    'The first read of what differs ends the endpoint; a read beside it does not',
    10_000,
  ),
  differingAt('first-byte-differs', 'A read of which the first byte alone differs ends the endpoint', 8192),
  differingAt('last-byte-differs', 'A read of which the last byte alone differs ends the endpoint', 12_287),
  {
    id: 'blkverify/errors-differ',
    title: 'A read that one child fails and the other does not ends the endpoint',
    requirements: ['blkverify/compares'],
    needs: needs(read, { drivers: ['blkdebug'] }),
    fresh: true,
    async run(t: CaseContext) {
      const { node } = await addVerify(t, { test: failingAt('read_aio') });
      const guest = await openIo(t, node);
      await checkReads(t, guest, [0, 8192], BYTE, 'that both children can do');
      await t.execute('query-version');
      await reads(guest, [8192, 4096]).catch(() => false);
      await t.ended();
    },
  },
  {
    id: 'blkverify/size',
    title: 'A blkverify node is as long as test, whatever the length of raw',
    requirements: ['blkverify/size'],
    needs: verifyNodes,
    async run(t: CaseContext) {
      for (const [test, raw] of [
        [SIZE, 2 * SIZE],
        [2 * SIZE, SIZE],
      ] as const) {
        const node = t.name('verify');
        await t.execute('blockdev-add', {
          driver: 'blkverify',
          'node-name': node,
          test: (await filledFile(t, test, BYTE)).options,
          raw: (await filledFile(t, raw, BYTE)).options,
        });
        t.equal(await virtualSize(t, node), test, 'the node must be as long as test');
      }
    },
  },
  {
    id: 'blkverify/children-missing',
    title: 'A child that cannot be opened refuses the node and leaves nothing',
    requirements: ['blkverify/missing', 'blockdev-add/failure-leaves-nothing'],
    needs: verifyNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const good = (await filledFile(t, SIZE, BYTE)).options;
      const other = (await filledFile(t, SIZE, BYTE)).options;
      const bad = { driver: 'file', filename: newFile(t).path };
      const open = (children: JsonObject) => ({
        driver: 'blkverify',
        'node-name': t.name('verify'),
        ...children,
      });
      await t.refused('blockdev-add', open({ test: bad, raw: good }), { text: /No such file/ });
      await t.refused('blockdev-add', open({ test: good, raw: bad }), { text: /No such file/ });
      t.equal(await nodeNames(t), before, 'a refused blkverify node must leave nothing');
      await t.execute('blockdev-add', open({ test: good, raw: other }));
    },
  },
];
