/** quorum with more than one child that differs or fails: each of them is seen to. */
import { writeFile } from 'node:fs/promises';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { openIo } from '../helpers/node-io.ts';
import { KiB, makeFile } from '../helpers/shared-setup.ts';
import { checkReadFails, checkReads, reads, writes } from './driver-guest.ts';
import {
  onRead,
  onWrite,
  ownEvents,
  QUORUM_SIZE,
  REQUEST,
  same,
  scene,
  voting,
  withFaults,
} from './quorum.ts';

/** Takes the report of each of these children. */
async function reported(t: CaseContext, children: readonly string[], type: string): Promise<void> {
  for (const child of children) {
    const { data } = await t.event('QUORUM_REPORT_BAD', { 'node-name': child });
    t.equal((data as JsonObject).type ?? null, type, 'QUORUM_REPORT_BAD must tell the kind of the request');
  }
  t.check(ownEvents(t, 'QUORUM_REPORT_BAD').length === 0, 'no other child must be reported', 'one is');
}

/** Cases of quorums with several losers. */
export const quorumLosers: readonly CaseDefinition[] = [
  {
    id: 'quorum/failed-child-goes-on',
    title: 'A child that failed a write and a read gets what is written later, and is read again',
    requirements: ['quorum/children', 'quorum/votes'],
    needs: withFaults,
    async run(t: CaseContext) {
      const rules = [onWrite, onRead].map((rule) => ({ ...rule, once: true }));
      const { guest, files } = await scene(t, [...same(5, 6), { byte: 6, rules }], { 'vote-threshold': 2 });
      const [offset, length] = REQUEST;
      await checkReadFails(t, guest, [0, length], 'that two children do not agree on without the third');
      await checkReads(t, guest, [0, length], 6, 'with the third, which failed once');
      for (const [at, byte] of [
        [offset, 0x77],
        [offset + length, 0x78],
      ] as const)
        t.check(await writes(guest, [at, length], byte), 'a write must succeed', 'it is refused');
      await guest.close();
      const bytes = await bytesOf(t, files[2]!.local);
      t.check(
        bytes[offset + length] === 0x78,
        'a child that failed one write must hold what is written later',
        `it holds ${bytes[offset + length]}`,
      );
    },
  },
  {
    id: 'quorum/rewrite-several',
    title:
      'With rewrite-corrupted every child that was outvoted is written, those that differ from each other too',
    requirements: ['quorum/rewrite-corrupted', 'QUORUM_REPORT_BAD/outvoted'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, files, children } = await scene(t, same(7, 5, 9, 5, 5, 8, 5), {
        'vote-threshold': 4,
        'rewrite-corrupted': true,
      });
      await checkReads(t, guest, REQUEST, 5, 'of a quorum with three children that are outvoted');
      await reported(t, [children[0]!, children[2]!, children[5]!], 'read');
      await guest.close();
      for (const [index, byte] of [7, 5, 9, 5, 5, 8, 5].entries())
        t.check(
          (await bytesOf(t, files[index]!.local)).equals(
            Buffer.alloc(QUORUM_SIZE, byte).fill(5, REQUEST[0], REQUEST[0] + REQUEST[1]),
          ),
          'each child must hold the majority where it was read, and what it held elsewhere',
          `child ${index} does not`,
        );
    },
  },
  {
    id: 'quorum/several-cannot-write',
    title: 'Every child that cannot take a write is reported, and the others hold it',
    requirements: ['quorum/vote-threshold-writes', 'QUORUM_REPORT_BAD/type'],
    needs: withFaults,
    async run(t: CaseContext) {
      const failing = { byte: 6, rules: [onWrite] };
      const given = [failing, ...same(5), failing, ...same(5, 5)];
      const { guest, files, children } = await scene(t, given, { 'vote-threshold': 3 });
      t.check(
        await writes(guest, REQUEST, 0x77),
        'a write that enough children take must succeed',
        'it fails',
      );
      await reported(t, [children[0]!, children[2]!], 'write');
      await guest.close();
      const held: number[] = [];
      for (const { local } of files) held.push((await bytesOf(t, local))[REQUEST[0]]!);
      t.equal(held, [6, 0x77, 6, 0x77, 0x77], 'the children that could must hold what was written');
    },
  },
  {
    id: 'quorum/fifo-several-fail',
    title: 'With read-pattern fifo the first child that can read gives the read, however many fail before it',
    requirements: ['quorum/fifo'],
    needs: withFaults,
    async run(t: CaseContext) {
      const failing = { byte: 9, rules: [onRead] };
      const { guest } = await scene(t, [failing, failing, failing, ...same(6, 5)], {
        'vote-threshold': 2,
        'read-pattern': 'fifo',
      });
      await checkReads(t, guest, REQUEST, 6, 'with read-pattern fifo and three children that fail');
    },
  },
  {
    id: 'quorum/blkverify-late-mismatch',
    title:
      'In blkverify mode one byte that differs, late in a later read, from a child of zeroes ends the endpoint',
    requirements: ['quorum/blkverify'],
    needs: voting,
    fresh: true,
    async run(t: CaseContext) {
      const other = Buffer.alloc(QUORUM_SIZE);
      other[16 * KiB - 1] = 1;
      const children: JsonObject[] = [];
      for (const content of [Buffer.alloc(QUORUM_SIZE), other])
        children.push({ driver: 'file', filename: (await makeFile(t, content)).path });
      const node = t.name('quorum');
      const verify = { 'vote-threshold': 2, blkverify: true };
      await t.execute('blockdev-add', { driver: 'quorum', 'node-name': node, children, ...verify });
      const guest = await openIo(t, node);
      await checkReads(t, guest, [0, 8 * KiB], 0, 'of what two children agree on');
      await reads(guest, [8 * KiB, 8 * KiB]).catch(() => false);
      await t.ended();
    },
  },
  {
    id: 'quorum/one-byte-outvoted',
    title: 'A child that differs in one byte of a read is outvoted, be it the first, the last or another',
    requirements: ['quorum/votes', 'QUORUM_REPORT_BAD/outvoted'],
    needs: voting,
    async run(t: CaseContext) {
      const [offset, length] = REQUEST;
      for (const at of [offset, offset + 512, offset + length - 1]) {
        const { guest, files, children } = await scene(t, same(5, 5, 5), { 'vote-threshold': 2 });
        const content = Buffer.alloc(QUORUM_SIZE, 5).fill(6, at, at + 1);
        await writeFile(files[2]!.local, content, { flag: 'r+' });
        await checkReads(t, guest, REQUEST, 5, 'of a quorum one of whose children differs in a byte');
        await reported(t, [children[2]!], 'read');
        await guest.close();
      }
    },
  },
];
