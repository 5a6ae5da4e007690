/** The driver nbd: which requests reach the server, in which form, and what its answers do. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { endedReady } from '../helpers/job-steps.ts';
import { type NodeIo, openIo } from '../helpers/node-io.ts';
import { ExportFlag, NbdCommand, NbdErrno, RequestFlag } from '../helpers/peers/nbd-numbers.ts';
import {
  changedAt,
  type Manners,
  type NbdPeer,
  type PeerExport,
  startNbdPeer,
} from '../helpers/peers/nbd-peer.ts';
import { KiB, makeFile, needs, virtualSize } from '../helpers/shared-setup.ts';
import type { IoRequest } from '../io-request.ts';
import { checkReadFails, checkReads, writes } from './driver-guest.ts';
import { remoteBytes, remoteNodes } from './network/remote-nodes.ts';

const SIZE = 256 * KiB;
const BYTE = 5;

const nbdNodes = remoteNodes('nbd');
const seen = remoteBytes('nbd');

const open = (node: string, { address }: Pick<NbdPeer, 'address'>): JsonObject => ({
  driver: 'nbd',
  'node-name': node,
  server: address,
  discard: 'unmap',
});

const filled = (part: Partial<PeerExport> = {}): PeerExport => ({ data: Buffer.alloc(SIZE, BYTE), ...part });

interface Scene {
  readonly peer: NbdPeer;
  readonly node: string;
  readonly guest: NodeIo;
}

/** A server with one export, and a guest of a node over it. */
async function scene(t: CaseContext, shown: PeerExport, manners: Manners = {}): Promise<Scene> {
  const peer = await startNbdPeer(t, { '': shown }, 'unix', manners);
  const node = t.name('nbd');
  await t.execute('blockdev-add', open(node, peer));
  return { peer, node, guest: await openIo(t, node) };
}

/** What came of one kind, each as its flags, offset and length. */
const came = ({ requests }: NbdPeer, wanted: number): number[][] =>
  requests.filter(({ type }) => type === wanted).map(({ flags, offset, length }) => [flags, offset, length]);

/** A request that the server gets if it says that it knows such, and that succeeds without any if it does not. */
function passedOn(
  id: string,
  what: string,
  flag: number,
  [type, request]: readonly [type: number, request: IoRequest],
  expected: readonly number[],
): CaseDefinition {
  return {
    id: `nbd/${id}`,
    title: `A ${what} goes to a server that offers it as it is, and to no other`,
    requirements: ['nbd/server'],
    needs: seen,
    async run(t: CaseContext) {
      for (const offered of [true, false]) {
        const { peer, guest } = await scene(t, filled({ flags: ExportFlag.has | (offered ? flag : 0) }));
        // Without anything written there may be nothing to flush.
        t.check(await writes(guest, [0, 4096], BYTE), 'a write must succeed', 'it fails');
        await guest.perform(request);
        t.equal(
          came(peer, type).slice(0, 1),
          offered ? [[...expected]] : [],
          offered ? `the server must be asked for a ${what}` : `who does not know a ${what} must get none`,
        );
        await checkReads(t, guest, [0, 4096], BYTE, `beside a ${what}`);
        await guest.close();
      }
    },
  };
}

const range = { offset: 64 * KiB, length: 64 * KiB };

const EACH_KIND =
  ExportFlag.has | ExportFlag.flush | ExportFlag.fua | ExportFlag.trim | ExportFlag.writeZeroes;

const EACH_REQUEST: readonly IoRequest[] = [
  { kind: 'flush' },
  { kind: 'write', ...range, byte: 2 },
  { kind: 'write-zeroes', ...range, unmap: true },
  { kind: 'write-zeroes', ...range },
  { kind: 'discard', ...range },
  { kind: 'read', ...range },
];

/** States that a request does not succeed. */
async function checkFails(t: CaseContext, guest: NodeIo, request: IoRequest, when: string): Promise<void> {
  const outcome = await guest.attempt(request);
  t.check(outcome !== 'done', `a ${request.kind} must fail ${when}`, 'it succeeds');
}

export const nbdRequestCases: readonly CaseDefinition[] = [
  {
    id: 'nbd/discards-if-offered',
    title: 'Discards reach a server that says that it knows them, as such, and no other',
    requirements: ['nbd/server', 'BlockdevDiscardOptions/unmap'],
    needs: seen,
    async run(t: CaseContext) {
      for (const [flags, isOffered] of [
        [ExportFlag.has | ExportFlag.flush, false],
        [ExportFlag.has | ExportFlag.flush | ExportFlag.writeZeroes, false],
        [ExportFlag.has | ExportFlag.flush | ExportFlag.trim, true],
      ] as const) {
        const { peer, node, guest } = await scene(t, filled({ flags }));
        await guest.attempt({ kind: 'discard', offset: 4 * KiB, length: 8 * KiB });
        await guest.close();
        await t.execute('blockdev-del', { 'node-name': node });
        t.equal(
          came(peer, NbdCommand.trim).map(([, ...where]) => where),
          isOffered ? [[4 * KiB, 8 * KiB]] : [],
          isOffered ? 'a discard must reach a server with trim' : 'no discard may reach one without it',
        );
      }
    },
  },
  passedOn('flushes-passed-on', 'flush', ExportFlag.flush, [NbdCommand.flush, { kind: 'flush' }], [0, 0, 0]),
  {
    id: 'nbd/flushes-what-overtook-a-flush',
    title: 'What is written while a flush is under way is flushed by the next one',
    requirements: ['BlockdevCacheOptions/flush-is-carried-out'],
    needs: seen,
    async run(t: CaseContext) {
      const { peer, node, guest } = await scene(t, filled());
      const other = await openIo(t, node);
      await guest.perform({ kind: 'write', ...range, byte: 1 });
      let goOn = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const begun = new Promise<void>((resolve) => {
        peer.held = ({ type }) => {
          if (type !== NbdCommand.flush) return undefined;
          resolve();
          return held;
        };
      });
      const { outcome } = await guest.begin({ kind: 'flush' });
      await Promise.race([begun, outcome]);
      await other.perform({ kind: 'write', ...range, byte: 2 });
      goOn();
      t.equal(await outcome, 'done', 'the flush must succeed');
      await guest.perform({ kind: 'flush' });
      t.equal(came(peer, NbdCommand.flush).length, 2, 'the later write must be flushed, too');
    },
  },
  {
    id: 'nbd/each-request-after-the-server',
    title: 'When the server has gone each kind of request fails, a flush of what was written first of all',
    requirements: ['nbd/server-gone'],
    needs: seen,
    async run(t: CaseContext) {
      const { peer, guest } = await scene(t, filled({ flags: EACH_KIND }));
      await guest.perform({ kind: 'write', ...range, byte: 1 });
      await peer.stop();
      for (const request of EACH_REQUEST) await checkFails(t, guest, request, 'after the server has gone');
    },
  },
  {
    id: 'nbd/each-request-that-the-server-fails',
    title: 'Each kind of request that the server fails is told as failed, and succeeds when made again',
    requirements: ['nbd/server'],
    needs: seen,
    async run(t: CaseContext) {
      const { peer, guest } = await scene(t, filled({ flags: EACH_KIND }));
      for (const request of EACH_REQUEST) {
        await guest.perform({ kind: 'write', ...range, byte: 1 });
        peer.fail = NbdErrno.EIO;
        await checkFails(t, guest, request, 'that the server fails');
        peer.fail = 0;
        await guest.perform(request);
      }
    },
  },
  {
    id: 'nbd/holes-allowed',
    title: 'A write of zeroes tells the server whether it may leave a hole, as the guest says',
    requirements: ['nbd/server'],
    needs: seen,
    async run(t: CaseContext) {
      const { peer, guest } = await scene(t, filled({ flags: ExportFlag.has | ExportFlag.writeZeroes }));
      for (const unmap of [true, false]) await guest.perform({ kind: 'write-zeroes', ...range, unmap });
      t.equal(
        came(peer, NbdCommand.writeZeroes),
        [
          [0, range.offset, range.length],
          [RequestFlag.noHole, range.offset, range.length],
        ],
        'the server must learn whether a hole is allowed',
      );
    },
  },
  {
    id: 'nbd/refused-and-left',
    title: 'Who asks for an export that is not there, or that cannot be written, leaves the server',
    requirements: ['nbd/export', 'nbd/read-only-export'],
    needs: nbdNodes,
    async run(t: CaseContext) {
      const flags = ExportFlag.has | ExportFlag.readOnly;
      const peer = await startNbdPeer(t, { fixed: filled({ flags }), disk: filled() });
      const node = t.name('nbd');
      for (const name of ['other', 'fixed']) {
        await t.refused('blockdev-add', { ...open(node, peer), export: name });
        await t.roundTrip();
        await peer.idle();
      }
      await t.execute('blockdev-add', { ...open(node, peer), export: 'disk' });
    },
  },
  {
    id: 'nbd/old-server',
    title: 'A server that lets exports be chosen in the oldest way only serves as well',
    requirements: ['nbd/server', 'nbd/export'],
    needs: seen,
    async run(t: CaseContext) {
      const peer = await startNbdPeer(t, { disk: filled() }, 'unix', { old: true });
      const node = t.name('nbd');
      await t.execute('blockdev-add', { ...open(node, peer), export: 'disk' });
      t.equal(await virtualSize(t, node), SIZE, 'the node must be as long as the export');
      await checkReads(t, await openIo(t, node), [0, SIZE], BYTE, 'of what the server holds');
    },
  },
  {
    id: 'nbd/blocks-of-server',
    title: 'Requests are whole blocks of the server, and none is longer than it allows',
    requirements: ['nbd/server'],
    needs: seen,
    async run(t: CaseContext) {
      const shown = filled({ blocks: [4096, 4096, 64 * KiB] });
      const { peer, guest } = await scene(t, shown);
      t.check(await writes(guest, [4608, 512], 7), 'a write of a part of a block must succeed', 'it fails');
      t.check(
        shown.data.equals(Buffer.alloc(SIZE, BYTE).fill(7, 4608, 5120)),
        'the server must hold what was written, and around it what was there',
        'it holds something else',
      );
      await checkReads(t, guest, [64 * KiB, 128 * KiB], BYTE, 'of more than the server gives at once');
      const data = [...came(peer, NbdCommand.read), ...came(peer, NbdCommand.write)];
      t.equal(
        data.filter(([, offset, length]) => offset! % 4096 !== 0 || length! % 4096 !== 0),
        [],
        'every request must be of whole blocks',
      );
      t.check(
        data.every(([, , length]) => length! <= 64 * KiB),
        'no request may be too long',
        'one is',
      );
    },
  },
  {
    id: 'nbd/replies-in-chunks',
    title: 'Data that come in chunks, in whatever order and with holes, are put together; so are errors',
    requirements: ['nbd/server'],
    needs: seen,
    async run(t: CaseContext) {
      const shown = filled({ holes: [[range.offset, range.length]] });
      const { peer, guest } = await scene(t, shown, { structured: true });
      const got = await guest.read(32 * KiB, 128 * KiB);
      t.check(
        got.equals(Buffer.alloc(128 * KiB, BYTE).fill(0, 32 * KiB, 96 * KiB)),
        'a read across a hole must give zeroes there, and the data around it',
        'it gives something else',
      );
      t.check(await writes(guest, [0, 512], 7), 'a write must succeed', 'it fails');
      t.equal(shown.data[511] ?? null, 7, 'the server must get what was written');
      peer.fail = NbdErrno.ENOSPC;
      await checkReadFails(t, guest, [0, 512], 'that the server fails', 'ENOSPC');
      peer.fail = 0;
      await checkReads(t, guest, [512, 512], BYTE, 'after one that failed');
    },
  },
  {
    id: 'nbd/holes-told',
    title: 'What the server tells to be a hole is copied by no read, and is zero in the copy',
    requirements: ['nbd/server', 'blockdev-mirror/copies'],
    needs: needs(nbdNodes, {
      commands: ['blockdev-mirror', 'block-job-cancel'],
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'],
      drivers: ['file'],
    }),
    async run(t: CaseContext) {
      const shown = filled({ holes: [[range.offset, range.length]] });
      const peer = await startNbdPeer(t, { '': shown }, 'unix', { structured: true });
      const [node, target, job] = [t.name('nbd'), t.name('target'), t.name('job')];
      await t.execute('blockdev-add', open(node, peer));
      const file = await makeFile(t, Buffer.alloc(SIZE, 9));
      await t.execute('blockdev-add', { driver: 'file', 'node-name': target, filename: file.path });
      const args = { 'job-id': job, device: node, target, sync: 'full' };
      await t.execute('blockdev-mirror', args);
      await t.event('BLOCK_JOB_READY', { device: job });
      await endedReady(t, job);
      t.equal(
        came(peer, NbdCommand.read).filter(
          ([, offset, length]) => offset! < 2 * range.offset && offset! + length! > range.offset,
        ),
        [],
        'no read may touch what the server tells to be a hole',
        { severity: 'should' },
      );
      t.check(
        (await bytesOf(t, file.local)).equals(
          Buffer.alloc(SIZE, BYTE).fill(0, range.offset, 2 * range.offset),
        ),
        'the copy must hold zeroes for the hole, and the data around it',
        'it holds something else',
      );
    },
  },
  ...(
    [
      ['magic', 'that begins with another word', 0],
      ['cookie', 'to a request that was never made', 15],
    ] as const
  ).map(
    ([name, what, at]): CaseDefinition => ({
      id: `nbd/reply-broken-${name}`,
      title: `After a reply ${what} requests fail, and the server is left`,
      requirements: ['nbd/server-gone'],
      needs: seen,
      async run(t: CaseContext) {
        let broken = false;
        const { peer, node, guest } = await scene(t, filled(), {
          spoil: (kind, message) => (broken && kind === 'reply' ? changedAt(at, 0xee)(message) : message),
        });
        await checkReads(t, guest, [0, 4096], BYTE, 'while the server keeps to the protocol');
        broken = true;
        await checkReadFails(t, guest, [0, 4096], `with a reply ${what}`, 'EIO');
        broken = false;
        await checkReadFails(t, guest, [0, 4096], 'after the server broke the protocol', 'EIO');
        await guest.close();
        await t.execute('blockdev-del', { 'node-name': node });
        await peer.idle();
      },
    }),
  ),
];
