/** The driver iscsi: what a unit tells of itself, and what becomes of it. */
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { openIo } from '../../helpers/node-io.ts';
import { Operation, ScsiStatus } from '../../helpers/peers/iscsi-numbers.ts';
import {
  blocksOf,
  type DiskManner,
  good,
  refused,
  refusedByDescriptor,
} from '../../helpers/peers/scsi-disk.ts';
import { KiB, needs, nodeInfo, virtualSize } from '../../helpers/shared-setup.ts';
import { checkReads } from '../driver-guest.ts';
import { at, bytes, checkRules, checkUnit, diskOf, iscsi, oneUnit, SIZE, writable } from './iscsi-targets.ts';
import { addRemote, checkHolds, remoteRefused, sectors } from './remote-nodes.ts';

const { read10, write10, writeSame10, writeSame16 } = Operation;
const LONG_CAPACITY = Operation.serviceActionIn16;
/** Blocks of a disk that has more than short commands can name. */
const MANY_BLOCKS = 2 ** 32 + 1024;

const shownForms = (forms: { readonly long: boolean; readonly short: boolean }): string =>
  Object.entries(forms)
    .flatMap(([form, can]) => (can ? [`its ${form} form`] : []))
    .join(' and ') || 'no form';

/** Of WRITE SAME: what it writes to may lose its storage. */
const MAY_UNMAP = 0x08;

/** Answers one operation so. */
const answering = (operation: number, outcome: ReturnType<typeof good>): DiskManner => ({
  instead: (command) => (command[0] === operation ? outcome : undefined),
});

const NO_COMMAND = refused([5, 0x20, 0]);

function shortCapacity(last: number, blockSize: number): Buffer {
  const answer = Buffer.alloc(8);
  answer.writeUInt32BE(last, 0);
  answer.writeUInt32BE(blockSize, 4);
  return answer;
}

function longCapacity(last: bigint, blockSize: number): Buffer {
  const answer = Buffer.alloc(32);
  answer.writeBigUInt64BE(last, 0);
  answer.writeUInt32BE(blockSize, 8);
  return answer;
}

/** Data that one test or another of reads and writes has to see in this sense data. */
const senses: readonly (readonly [sense: readonly [number, number, number], error: string])[] = [
  [[5, 0x21, 0], 'ENOSPC'],
  [[5, 0x20, 0], 'EINVAL'],
  [[5, 0x24, 0], 'EINVAL'],
  [[5, 0x1a, 0], 'EINVAL'],
  [[5, 0x25, 0], 'ENOTSUP'],
  [[5, 0x26, 0], 'EINVAL'],
  [[2, 0x04, 1], 'EINVAL'],
  [[2, 0x04, 2], 'EINVAL'],
  [[2, 0x3a, 0], 'EINVAL'],
  [[2, 0x3a, 1], 'EINVAL'],
  [[2, 0x3a, 2], 'EINVAL'],
  [[11, 0x21, 0], 'EINVAL'],
  [[5, 0x3b, 0], 'EIO'],
  [[7, 0x27, 0], 'EPERM or EINVAL'],
  [[7, 0x27, 7], 'ENOSPC'],
  [[4, 0x44, 0], 'EIO'],
  [[4, 0x21, 0], 'EIO'],
  [[3, 0x11, 0], 'EIO'],
];

export const iscsiUnitCases: readonly CaseDefinition[] = [
  {
    id: 'iscsi/capacity',
    title: 'A node has the size of its unit, by the long command or the short one; what is no disk is empty',
    requirements: ['iscsi/capacity'],
    needs: bytes,
    async run(t: CaseContext) {
      const content = sectors(SIZE);
      for (const disk of [
        { blockSize: 4096 },
        answering(LONG_CAPACITY, NO_COMMAND),
        { ...answering(LONG_CAPACITY, NO_COMMAND), blockSize: 2048, type: 0 },
      ])
        await checkHolds(t, await addRemote(t, at(await oneUnit(t, { disk }))), content);
      for (const [disk, size] of [
        [{ type: 0x0c }, 0],
        [{ type: 5, ...answering(Operation.readCapacity10, good(shortCapacity(0, 2048))) }, 0],
        [{ type: 5, ...answering(Operation.readCapacity10, good(shortCapacity(99, 2048))) }, 100 * 2048],
        [answering(LONG_CAPACITY, good(longCapacity(99n, 512))), 100 * 512],
        [answering(Operation.testUnitReady, refused([2, 0x3a, 1])), SIZE],
      ] as const) {
        const node = await addRemote(t, at(await oneUnit(t, { disk })));
        t.equal(await virtualSize(t, node), size, 'the node must be as long as its unit');
      }
    },
  },
  {
    id: 'iscsi/capacity-refused',
    title: 'A unit whose blocks are of no size that there can be, or that is not ready, is refused',
    requirements: ['iscsi/capacity', 'blockdev-add/failure-leaves-nothing'],
    needs: iscsi,
    async run(t: CaseContext) {
      for (const disk of [
        answering(LONG_CAPACITY, good(longCapacity(99n, 100))),
        answering(LONG_CAPACITY, good(longCapacity(99n, 768))),
        answering(LONG_CAPACITY, good(longCapacity(99n, 0))),
        answering(Operation.testUnitReady, refused([2, 0x04, 1])),
        answering(Operation.testUnitReady, refused([6, 0x29, 0])),
        answering(Operation.inquiry, NO_COMMAND),
      ])
        await remoteRefused(t, at(await oneUnit(t, { disk })));
    },
  },
  {
    id: 'iscsi/news-at-first',
    title: 'What a unit puts off while it is opened, to say that something has happened, is asked again',
    requirements: ['iscsi/attention'],
    needs: bytes,
    async run(t: CaseContext) {
      const left = new Map<number, number>([
        [Operation.testUnitReady, 3],
        [LONG_CAPACITY, 2],
      ]);
      const peer = await oneUnit(t, {
        disk: {
          instead: ([operation]) => {
            const times = left.get(operation!) ?? 0;
            left.set(operation!, times - 1);
            return times > 0 ? refused([6, 0x29, 0]) : undefined;
          },
        },
      });
      await checkHolds(t, await addRemote(t, at(peer)), sectors(SIZE));
      t.equal(
        diskOf(peer).of(Operation.readCapacity10).length,
        0,
        'the size must come from the same command',
      );
    },
  },
  {
    id: 'iscsi/large',
    title: 'A unit of more blocks than short commands can name is read and written at its end',
    requirements: ['iscsi/capacity', 'iscsi/protocol'],
    needs: bytes,
    async run(t: CaseContext) {
      const peer = await oneUnit(t, { disk: { blocks: MANY_BLOCKS, writesSame: true } });
      const node = await addRemote(t, writable(peer));
      t.equal(await virtualSize(t, node), MANY_BLOCKS * 512, 'the node must be as long as the unit');
      const io = await openIo(t, node);
      const start = MANY_BLOCKS * 512 - SIZE;
      await checkReads(t, io, [start + 512, 512], 2, 'near the end');
      await checkReads(t, io, [0, 4096], 0, 'at the start');
      await io.perform({ kind: 'write', offset: start + 4096, length: 4096, byte: 0xee });
      await io.perform({ kind: 'write-zeroes', offset: start + 16_384, length: 8192 });
      await io.close();
      checkUnit(t, peer, sectors(SIZE).fill(0xee, 4096, 8192).fill(0, 16_384, 24_576));
      t.check(
        diskOf(peer).of(writeSame16).length > 0,
        'zeroes must be written by WRITE SAME (16)',
        'they are not',
      );
      checkRules(t, peer);
    },
  },
  {
    id: 'iscsi/limits',
    title: 'Requests are no longer than the unit takes, whatever they are',
    requirements: ['iscsi/limits', 'iscsi/holes'],
    needs: bytes,
    async run(t: CaseContext) {
      const limits = { transfer: 16, unmap: 24, writeSame: 16, unmapGranularity: 8 };
      const peer = await oneUnit(t, { disk: { limits, isThin: true, writesSame: true } });
      const node = await addRemote(t, writable(peer, { discard: 'unmap' }));
      t.contains(
        await nodeInfo(t, node),
        { image: { 'cluster-size': 4096 } },
        'the granularity must be shown',
      );
      const io = await openIo(t, node);
      t.check((await io.read(0, SIZE)).equals(sectors(SIZE)), 'a read must give all', 'it does not');
      await io.perform({ kind: 'write', offset: 0, length: 32 * KiB, byte: 0xee });
      await io.perform({ kind: 'write-zeroes', offset: 32 * KiB, length: 32 * KiB });
      await io.perform({ kind: 'discard', offset: 64 * KiB, length: 32 * KiB });
      await io.close();
      checkUnit(
        t,
        peer,
        sectors(SIZE)
          .fill(0xee, 0, 32 * KiB)
          .fill(0, 32 * KiB, 96 * KiB),
      );
      const disk = diskOf(peer);
      const longest = (...operations: readonly number[]): number =>
        Math.max(...disk.of(...operations).map((command) => blocksOf(command)[1]));
      t.equal(longest(read10), limits.transfer, 'reads must be as long as the unit takes, and no longer');
      t.equal(longest(write10), limits.transfer, 'writes must be as long as the unit takes, and no longer');
      t.equal(longest(writeSame10), limits.writeSame, 'zeroes must be written in pieces that it takes');
      const unmaps = disk.of(Operation.unmap).length;
      t.equal(unmaps, Math.ceil(64 / limits.unmap), 'blocks must be unmapped in pieces that it takes');
      checkRules(t, peer);
    },
  },
  {
    id: 'iscsi/holes',
    title:
      'Discards and zeroes give storage back where the unit can do that, and what has none is not read by a job',
    requirements: ['iscsi/holes'],
    needs: needs(bytes, { commands: ['blockdev-mirror'] }),
    async run(t: CaseContext) {
      const peer = await oneUnit(
        t,
        {
          disk: { isThin: true, writesSame: true, limits: { unmapGranularity: 8 } },
        },
        sectors(),
      );
      const node = await addRemote(t, writable(peer, { discard: 'unmap' }));
      const io = await openIo(t, node);
      await io.perform({ kind: 'discard', offset: 64 * KiB, length: 64 * KiB });
      await io.perform({ kind: 'write-zeroes', offset: 128 * KiB, length: 64 * KiB, unmap: true });
      await io.perform({ kind: 'write-zeroes', offset: 256 * KiB, length: 64 * KiB });
      await io.close();
      const disk = diskOf(peer);
      const wanted = sectors()
        .fill(0, 64 * KiB, 192 * KiB)
        .fill(0, 256 * KiB, 320 * KiB);
      checkUnit(t, peer, wanted);
      t.equal(
        [127, 128, 383, 384, 512].map((block) => disk.unmapped.has(block)),
        [false, true, true, false, false],
        'what is discarded, and zeroes that may take no storage, must take none; others must',
      );
      await copiesAll(t, node, wanted);
      for (const command of disk.of(read10)) {
        const [first, count] = blocksOf(command);
        for (let block = first; block < first + count; block += 1)
          t.check(
            !disk.unmapped.has(block),
            'a job must not read what has no storage',
            `it reads block ${block}`,
          );
      }
      checkRules(t, peer);
    },
  },
  {
    id: 'iscsi/holes-by-one-form',
    title:
      'Zeroes may take no storage only by the form of WRITE SAME, long or short, that the unit can unmap by',
    requirements: ['iscsi/holes'],
    needs: bytes,
    async run(t: CaseContext) {
      for (const [blocks, unmapsBySame, wanted] of [
        [undefined, { long: true, short: true }, [true]],
        // Not all endpoints use the short form for that.
        [undefined, { long: false, short: true }, [true, false]],
        [undefined, { long: true, short: false }, [true, false]],
        [undefined, { long: false, short: false }, [false]],
        [MANY_BLOCKS, { long: true, short: false }, [true]],
        [MANY_BLOCKS, { long: false, short: true }, [true, false]],
        [MANY_BLOCKS, { long: false, short: false }, [false]],
      ] as const) {
        const sized = blocks === undefined ? {} : { blocks };
        const peer = await oneUnit(t, { disk: { ...sized, isThin: true, writesSame: true, unmapsBySame } });
        const io = await openIo(t, await addRemote(t, writable(peer, { discard: 'unmap' })));
        const offset = (blocks ?? SIZE / 512) * 512 - SIZE + 16_384;
        await io.perform({ kind: 'write-zeroes', offset, length: 8192, unmap: true });
        await io.close();
        const disk = diskOf(peer);
        checkUnit(t, peer, sectors(SIZE).fill(0, 16_384, 24_576));
        for (const command of disk.of(writeSame10, writeSame16)) {
          const isAllowed = command[0] === writeSame16 ? unmapsBySame.long : unmapsBySame.short;
          const mayUnmap = (command[1]! & MAY_UNMAP) !== 0;
          t.check(isAllowed || !mayUnmap, 'only what can unmap may be told to', 'another is told to');
        }
        const isUnmapped = disk.unmapped.has(offset / 512);
        t.check(
          (wanted as readonly boolean[]).includes(isUnmapped),
          `zeroes must take storage, or none, as a unit of ${blocks ?? 'few'} blocks can do by ${shownForms(unmapsBySame)}`,
          `they take ${isUnmapped ? 'none' : 'some'}`,
        );
        checkRules(t, peer);
      }
    },
  },
  {
    id: 'iscsi/long-discards',
    title:
      'A discard of some GiB reaches the unit in pieces that its commands can name, and zeroes of some MiB do',
    requirements: ['iscsi/limits', 'iscsi/holes'],
    needs: bytes,
    async run(t: CaseContext) {
      const unmaps: (readonly [number, number])[] = [];
      const peer = await oneUnit(t, {
        disk: {
          blocks: MANY_BLOCKS,
          isThin: true,
          instead: ([operation], sent) => {
            if (operation !== Operation.unmap) return undefined;
            unmaps.push([Number(sent.readBigUInt64BE(8)), sent.readUInt32BE(16)]);
            return good();
          },
        },
      });
      const io = await openIo(t, await addRemote(t, writable(peer, { discard: 'unmap' })));
      const length = 3 * 1024 * 1024 * KiB;
      await io.perform({ kind: 'discard', offset: 1024 * KiB, length });
      await io.close();
      let block = 2048;
      for (const [first, count] of unmaps) {
        t.equal(first, block, 'pieces must follow each other');
        block += count;
      }
      t.equal(block, 2048 + length / 512, 'all must be unmapped, and nothing else');
      const small = await oneUnit(t, { disk: { blocks: 2 ** 20, writesSame: true } });
      const zeroed = await openIo(t, await addRemote(t, writable(small)));
      await zeroed.perform({ kind: 'write-zeroes', offset: 0, length: 80 * 1024 * KiB });
      await zeroed.close();
      const commands = diskOf(small).of(writeSame10, writeSame16).map(blocksOf);
      t.equal(
        commands.reduce((sum, [, count]) => sum + count, 0),
        160 * KiB,
        'all must be zeroed, and nothing twice',
      );
      for (const each of [peer, small]) checkRules(t, each);
    },
  },
  {
    id: 'iscsi/errors',
    title: 'A request that the unit refuses fails with what its sense data mean, and the next one succeeds',
    requirements: ['iscsi/errors'],
    needs: bytes,
    async run(t: CaseContext) {
      let outcome: ReturnType<typeof good> | undefined;
      const tried = [read10, write10];
      const peer = await oneUnit(t, {
        disk: { instead: ([operation]) => (tried.includes(operation as 0x28) ? outcome : undefined) },
      });
      const io = await openIo(t, await addRemote(t, writable(peer)));
      for (const [sense, error] of senses)
        for (const form of [refused, refusedByDescriptor]) {
          outcome = form(sense);
          const name = sense.map((part) => part.toString(16)).join('/');
          for (const request of [
            { kind: 'read', offset: 0, length: 512 },
            { kind: 'write', offset: 0, length: 512, byte: 1 },
          ] as const) {
            const got = await io.attempt(request);
            t.check(
              error.split(' or ').includes(got),
              `a ${request.kind} refused by ${name} must fail with ${error}`,
              `it ends with ${got}`,
            );
          }
        }
      outcome = { status: 0x18, bytes: Buffer.alloc(0) };
      t.equal(
        await io.attempt({ kind: 'read', offset: 0, length: 512 }),
        'EIO',
        'a conflict must fail a read',
      );
      outcome = undefined;
      await checkReads(t, io, [512, 512], 2, 'after all that');
      await io.close();
    },
  },
  {
    id: 'iscsi/busy',
    title: 'A unit that has too much to do is asked again until it has time',
    requirements: ['iscsi/busy'],
    needs: bytes,
    async run(t: CaseContext) {
      let left = 0;
      let status: number = ScsiStatus.busy;
      const peer = await oneUnit(t, {
        disk: {
          instead: ([operation]) => {
            if (operation !== read10 || left === 0) return undefined;
            left -= 1;
            return { status, bytes: Buffer.alloc(0) };
          },
        },
      });
      const io = await openIo(t, await addRemote(t, at(peer, { timeout: 10 })), { writable: false });
      for (status of [ScsiStatus.busy, ScsiStatus.taskSetFull]) {
        left = 3;
        await checkReads(t, io, [512, 512], 2, 'of a unit that had too much to do');
        t.equal(left, 0, 'the unit must have been asked again');
      }
      if (t.virtualTime) {
        left = 1000;
        t.equal(
          await io.attempt({ kind: 'read', offset: 0, length: 512 }),
          'EIO',
          'a unit without time must fail a read',
        );
        left = 0;
      }
      await io.close();
    },
  },
];

/** Has a mirror copy the node to a new one, and looks at that. */
async function copiesAll(t: CaseContext, node: string, wanted: Buffer): Promise<void> {
  const target = await addRemote(t, writable(await oneUnit(t, {}, Buffer.alloc(wanted.length, 9))));
  const job = t.name('job');
  await t.execute('blockdev-mirror', { 'job-id': job, device: node, target, sync: 'full' });
  await t.event('BLOCK_JOB_READY', { device: job });
  await t.execute('block-job-cancel', { device: job });
  await t.event('BLOCK_JOB_COMPLETED', { device: job });
  await checkHolds(t, target, wanted);
}
