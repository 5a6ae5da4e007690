/** The caches of a qcow2 image, by what is read of its tables again: the tables that were used last are kept, as many as fit. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes } from '../helpers/backing-chains.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { ExportFlag, NbdCommand } from '../helpers/peers/nbd-numbers.ts';
import { type PeerRequest, startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { buildQcow2, l2TableOf } from '../helpers/qcow2-image.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';

const CLUSTER = 4 * KiB;
/** Bytes of an entry of the cache, and of the disk that it maps. */
const ENTRY = 512;
const MAPPED = (ENTRY / 8) * CLUSTER;

/** Which entries are used, one after another: of the last few, some come again soon and some late. */
const USES = [0, 1, 0, 2, 0, 1, 3, 4, 0, 3, 5, 6, 7, 5, 3, 0, 1, 2, 3, 4, 5, 6, 7, 0, 7, 6];

/** The entries that must be read from the file, in order, where so many are kept. */
function misses(uses: readonly number[], capacity: number): number[] {
  const kept: number[] = [];
  const read: number[] = [];
  for (const use of uses) {
    const at = kept.indexOf(use);
    if (at === -1) read.push(use);
    else kept.splice(at, 1);
    kept.push(use);
    if (kept.length > capacity) kept.shift();
  }
  return read;
}

/** The entries of the L2 table that these requests read from the file. */
function entriesRead(requests: readonly PeerRequest[]): number[] {
  const table = l2TableOf(CLUSTER);
  return requests
    .filter(({ type, offset }) => type === NbdCommand.read && offset >= table && offset < table + CLUSTER)
    .map(({ offset }) => (offset - table) / ENTRY);
}

const FLAGS = ExportFlag.has | ExportFlag.flush;

/** Sizes of caches, and how many entries of L2 tables are kept then. */
const SIZES: readonly (readonly [options: JsonObject, capacity: number])[] = [
  [{ 'l2-cache-size': 2 * ENTRY }, 2],
  [{ 'l2-cache-size': 3 * ENTRY }, 3],
  [{ 'l2-cache-size': 4 * ENTRY + ENTRY - 1 }, 4],
  [{ 'l2-cache-size': 0 }, 2],
  [{ 'cache-size': 21 * ENTRY, 'refcount-cache-size': 16 * ENTRY }, 5],
  [{ 'cache-size': 21 * ENTRY, 'l2-cache-size': 6 * ENTRY }, 6],
  [{}, 8],
];

export const cachedTables: readonly CaseDefinition[] = [
  {
    id: 'qcow2/l2-cache-keeps',
    title: 'The L2 cache keeps the entries that were used last, as many as its size holds and two at least',
    requirements: ['qcow2/l2-cache-size', 'qcow2/cache-size', 'qcow2/l2-cache-entry-size'],
    needs: needs(chainNodes, {
      ...nodeBytes,
      drivers: ['nbd'],
      members: ['blockdev-add.l2-cache-entry-size'],
    }),
    async run(t: CaseContext) {
      const data = buildQcow2({ size: 8 * MAPPED, clusterSize: CLUSTER });
      const peer = await startNbdPeer(t, { '': { data, flags: FLAGS } });
      for (const [options, capacity] of SIZES) {
        const seen = peer.requests.length;
        const node = t.name('qcow2');
        await t.execute('blockdev-add', {
          driver: 'qcow2',
          'node-name': node,
          'read-only': true,
          file: { driver: 'nbd', server: peer.address },
          'l2-cache-entry-size': ENTRY,
          ...options,
        });
        const io = await openIo(t, node, { writable: false });
        for (const use of USES) await io.read(use * MAPPED + use * ENTRY, ENTRY);
        await io.close();
        await t.execute('blockdev-del', { 'node-name': node });
        t.equal(
          entriesRead(peer.requests.slice(seen)),
          misses(USES, capacity),
          `with room for ${capacity} entries just those that were used longer ago must be read again`,
        );
      }
    },
  },
];
