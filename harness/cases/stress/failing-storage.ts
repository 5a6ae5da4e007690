/** qcow2 images on storage that fails now and then: what lies there is sound, and has all that succeeded. */
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { qcow2Faults } from '../../qcow2/qcow2-faults.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { qcow2Creation } from '../helpers/created-images.ts';
import { type NodeIo, nodeBytes, openIo } from '../helpers/node-io.ts';
import { NbdErrno as Errno, ExportFlag, NbdCommand } from '../helpers/peers/nbd-numbers.ts';
import { type NbdPeer, startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';
import { startOf } from './crashed-storage.ts';
import { type Change, checkDisk, DiskModel, type Draw, drawn, foreignBytes } from './disk-series.ts';
import { checkHolds } from './left-behind.ts';
import { type CommandStep, makeStep, take, type WriteStep, withSteps, write } from './series-steps.ts';

const CLUSTER = 512;
/** Which requests of the storage a write makes that outgrows the table of counts, about, when it comes to the table. */
const GROWTH = { from: 14, to: 30 } as const;
const FLAGS = ExportFlag.has | ExportFlag.flush | ExportFlag.trim;
interface Scene {
  readonly id: string;
  readonly title: string;
  /** Of the disk, of what is written before, and of the storage. Bytes. */
  readonly size: number;
  readonly filled?: number;
  readonly room: number;
  readonly image?: JsonObject;
  readonly draw: Pick<Draw, 'longest' | 'keeps'>;
  /** Which request of the storage may fail at the latest, of those that one of the guest makes. */
  readonly within: number;
  readonly steps: readonly (WriteStep | CommandStep)[];
}

/** One of the next few requests that would change the storage fails, or a flush. */
function failSoon(peer: NbdPeer, random: Random, within: number): void {
  failAfter(peer, random.below(within));
}

/** That request fails which comes after so many others, of those that would change the storage or flush it. */
function failAfter(peer: NbdPeer, others: number): void {
  let before = others;
  peer.fail = Errno.EIO;
  peer.fails = ({ type }) => {
    if (type === NbdCommand.read) return false;
    before -= 1;
    return before === -1;
  };
}

/** Makes a request; where it fails, each byte of the disk is what it was or what it was to become. */
async function attempt(
  t: CaseContext,
  io: NodeIo,
  disk: DiskModel,
  change: Change,
  peer: NbdPeer,
): Promise<boolean> {
  const outcome = await io.attempt(change);
  peer.fail = 0;
  const old = Buffer.from(disk.bytes);
  disk.apply(change);
  if (outcome === 'done') return true;
  const found = await io.read(0, old.length);
  const [wrong = -1] = foreignBytes(found, [old, disk.bytes], CLUSTER);
  t.equal(wrong, -1, 'a byte of a request that failed must be what it was, or what it was to become');
  disk.bytes = found;
  return false;
}

function failing({ id, title, ...scene }: Scene): CaseDefinition {
  return {
    id,
    title,
    requirements: ['qcow2/shapes'],
    needs: withSteps(needs({ ...qcow2Creation, ...nodeBytes }, { drivers: ['nbd'] }), scene.steps),
    async run(t: CaseContext) {
      const random = new Random(id);
      const { size, filled = 0, draw, within } = scene;
      const storage = await startOf(t, scene);
      const peer = await startNbdPeer(t, { '': { data: storage, flags: FLAGS } });
      const disk = new DiskModel(size, CLUSTER, Buffer.alloc(filled, 0x77));
      const node = t.name('qcow2');
      const file = { driver: 'nbd', server: peer.address, discard: 'unmap' };
      await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': node, discard: 'unmap', file });
      let failed = 0;
      for (const step of scene.steps) {
        if (step.do !== 'write') {
          await makeStep(t, node, step);
          if (step.do === 'resize') disk.resize(step.size);
          continue;
        }
        const io = await openIo(t, node);
        for (let index = 0; index < step.count; index += 1) {
          const change = drawn(random, disk.bytes.length, { edges: [CLUSTER, 32 * KiB], ...draw });
          failSoon(peer, random, within);
          if (!(await attempt(t, io, disk, change, peer))) failed += 1;
        }
        await checkDisk(t, io, disk);
        await io.perform({ kind: 'flush' });
        await io.close();
      }
      t.check(failed > 0, 'requests must fail where the storage does', 'none has');
      await release(t, [node]);
      checkAfter(t, storage, disk);
    },
  };
}

/** States that a closed image lost nothing but space. */
function checkAfter(t: CaseContext, storage: Buffer, disk: DiskModel): void {
  const faults = qcow2Faults(storage).filter(({ kind }) => kind === 'corruption');
  t.equal(
    faults.map(({ text }) => text),
    [],
    'an image must be sound after its storage failed',
  );
  checkHolds(t, storage, disk.bytes, {});
}

export const failingStorage: readonly CaseDefinition[] = [
  failing({
    id: 'stress/failing-storage',
    title: 'Whichever request the storage of an image fails, the image stays sound and goes on',
    size: 96 * KiB,
    room: 512 * KiB,
    image: { 'refcount-bits': 64 },
    draw: { longest: 16 * KiB },
    within: 16,
    steps: [write(60)],
  }),
  failing({
    id: 'stress/failing-storage-with-snapshots',
    title: 'Whichever request the storage of an image with snapshots fails, the image stays sound',
    size: 40 * KiB,
    room: 512 * KiB,
    draw: { longest: 8 * KiB },
    within: 16,
    steps: [write(10), take('one'), write(20), take('two'), write(20)],
  }),
  {
    id: 'stress/failing-storage-with-more-counts',
    title: 'Whichever request the storage fails while the table of counts grows, the image stays sound',
    requirements: ['qcow2/shapes'],
    needs: needs({ ...qcow2Creation, ...nodeBytes }, { drivers: ['nbd'] }),
    async run(t: CaseContext) {
      const [size, filled, room] = [2200 * KiB, 1920 * KiB, 3600 * KiB];
      const start = await startOf(t, { size, filled, room, image: { 'refcount-bits': 64 } });
      // more than there are counts for
      const change: Change = { kind: 'write', offset: filled, length: 128 * KiB, byte: 0x55 };
      const full = Buffer.alloc(filled, 0x77);
      const storage = Buffer.alloc(room);
      for (let before = GROWTH.from; before < GROWTH.to; before += 1) {
        start.copy(storage);
        const peer = await startNbdPeer(t, { '': { data: storage, flags: FLAGS } });
        const disk = new DiskModel(size, CLUSTER, full);
        const node = t.name('qcow2');
        const file = { driver: 'nbd', server: peer.address };
        await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': node, file });
        const io = await openIo(t, node);
        failAfter(peer, before);
        await attempt(t, io, disk, change, peer);
        await io.perform(change);
        disk.apply(change);
        await io.close();
        await release(t, [node]);
        checkAfter(t, storage, disk);
      }
    },
  },
];
