/** What stays with a node that a snapshot covers, and what goes to the overlay with its users. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addChain, addQcow2, CLUSTER, chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, inserted, onDrive } from '../helpers/drive-chain.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { needs, nodeInfo } from '../helpers/shared-setup.ts';
import { limit, NO_LIMIT } from '../helpers/throttling.ts';

/** Cases of the users and properties of a node below a snapshot. */
export const belowSnapshots: readonly CaseDefinition[] = [
  {
    id: 'blockdev-snapshot/threshold-stays',
    title:
      'A write threshold stays with the node that a snapshot covers, and writes to the overlay do not reach it',
    requirements: ['blockdev-snapshot/keeps-old', 'BLOCK_WRITE_THRESHOLD/emitted'],
    needs: needs(chainNodes, nodeIo, {
      commands: ['blockdev-snapshot', 'block-set-write-threshold'],
      events: ['BLOCK_WRITE_THRESHOLD'],
    }),
    async run(t: CaseContext) {
      const { node } = (await addChain(t, 1))[0]!;
      const overlay = await addQcow2(t, await makeEmpty(t), { backing: null });
      const [low, high] = [CLUSTER, 5 * CLUSTER];
      await t.execute('block-set-write-threshold', { 'node-name': node, 'write-threshold': low });
      await t.execute('blockdev-snapshot', { node, overlay });
      await writeNode(t, overlay, 0, 4 * CLUSTER, 1);
      t.contains(
        await nodeInfo(t, node),
        { write_threshold: low },
        'the covered node must keep its threshold',
      );
      t.contains(await nodeInfo(t, overlay), { write_threshold: 0 }, 'the overlay must have none');
      await t.execute('block-set-write-threshold', { 'node-name': overlay, 'write-threshold': high });
      await writeNode(t, overlay, 4 * CLUSTER, 2 * CLUSTER, 1);
      const { data = null } = await t.event('BLOCK_WRITE_THRESHOLD', { 'node-name': overlay });
      t.contains(
        data,
        { 'amount-exceeded': CLUSTER },
        'a write must be told by the threshold of its own node',
      );
      t.check(
        t.pending().every(({ event }) => event !== 'BLOCK_WRITE_THRESHOLD'),
        'nothing must be told of the covered node',
        'something is',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/limits-stay',
    title:
      'A drive keeps its limits and its throttle group over several snapshots, until they are taken away',
    requirements: ['block_set_io_throttle/sets', 'blockdev-snapshot-sync/creates-overlay'],
    needs: onDrive('block_set_io_throttle'),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const limits = { bps: 0, bps_rd: 3_000_000, bps_wr: 4_000_000, iops: 70, group: 'g' };
      await limit(t, DRIVE, limits);
      const layers = await driveChain(t, 3);
      const expected = { ...NO_LIMIT, ...limits, 'node-name': layers[2]!.node, backing_file_depth: 2 };
      t.contains(await inserted(t), expected, 'the drive must keep its limits with another image');
      await limit(t, DRIVE, {});
      t.contains(await inserted(t), NO_LIMIT, 'the drive must have no limits that were taken away');
    },
  },
];
