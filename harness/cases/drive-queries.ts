/** What query-block and query-blockstats tell of a drive over a chain, and while a job works below it. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { CHAIN_SIZE } from './helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, inserted, onDrive } from './helpers/drive-chain.ts';
import { cancelled } from './helpers/job-steps.ts';
import { nodeIo, writeNode } from './helpers/node-io.ts';
import { addRaw, KiB, needs, nodeNames, queryList } from './helpers/shared-setup.ts';

/** What query-blockstats tells of the drive. */
async function statistics(t: CaseContext): Promise<JsonObject> {
  const found = (await queryList(t, 'query-blockstats')).find((entry) => entry.device === DRIVE);
  t.check(found !== undefined, `query-blockstats must list ${DRIVE}`, 'it does not');
  return found;
}

/** Of these entries and what is below them, `wr_highest_offset` by the name of the node, sorted by that. */
function highestOffsets(...entries: readonly JsonObject[]): Json {
  const found: Record<string, Json> = {};
  const walk = (entry: Json | undefined): void => {
    if (entry === undefined || !isJsonObject(entry)) return;
    if (isJsonObject(entry.stats ?? null))
      found[String(entry['node-name'])] ??= (entry.stats as JsonObject).wr_highest_offset ?? null;
    walk(entry.parent);
    walk(entry.backing);
  };
  for (const entry of entries) walk(entry);
  return Object.entries(found).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

export const driveQueries: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/chain-of-a-device',
    title: 'query-blockstats tells of each image below a device, down to the base, and of the file of each',
    requirements: [
      'query-blockstats/nodes',
      'BlockStats/node-name',
      'BlockStats/device',
      'BlockStats/backing',
      'query-blockstats/backends',
    ],
    needs: needs(onDrive('query-blockstats'), nodeIo),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      await writeNode(t, String((await inserted(t))['node-name']), 4 * KiB, 8 * KiB, 0x5a);
      const layers = await driveChain(t, 3);
      let entry = await statistics(t);
      for (const { node } of layers.toReversed()) {
        t.contains(entry, { 'node-name': node }, 'the entry must be that of the image at this depth');
        t.check(isJsonObject(entry.parent), 'the entry must have its file as parent', 'it has none');
        if (node === layers[0]!.node)
          t.check(!('backing' in entry), 'the base must have no backing entry', 'it has one');
        else {
          t.check(isJsonObject(entry.backing), 'the entry must have its backing image', 'it has none');
          entry = entry.backing;
        }
      }
      const listed = await queryList(t, 'query-blockstats', { 'query-nodes': true });
      t.equal(
        highestOffsets(await statistics(t)),
        highestOffsets(...listed),
        'each node must have the same highest offset below its drive and by itself',
      );
      for (const one of listed) {
        t.check(!('backing' in one), 'an entry of a node must have no backing', 'it has one');
        t.check(
          !('device' in one),
          'an entry of a node must have no device, in a drive or not',
          'it has one',
        );
      }
      t.equal(
        listed.map((one) => String(one['node-name'])).toSorted(),
        (await nodeNames(t)).toSorted(),
        'with query-nodes there must be one entry for each node, also for one that nobody named',
      );
    },
  },
  {
    id: 'query-block/implicit-filter-of-a-mirror',
    title:
      'While a mirror runs both queries tell of the node of the device, or of the filter if it was given a name',
    requirements: ['query-block/implicit-filters-skipped', 'query-blockstats/implicit-filters-skipped'],
    needs: onDrive('query-blockstats', 'blockdev-mirror', 'block-job-cancel', 'query-block-jobs'),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const own = { 'node-name': String((await inserted(t))['node-name']), drv: 'raw' };
      const target = await addRaw(t, CHAIN_SIZE);
      const id = t.name('job');
      const args = { 'job-id': id, device: DRIVE, target: target.name, sync: 'full', speed: 1 };
      await t.execute('blockdev-mirror', args);
      t.contains(await inserted(t), own, 'query-block must skip the filter of the mirror');
      t.contains(
        await statistics(t),
        { 'node-name': own['node-name'] },
        'query-blockstats must skip the filter of the mirror',
      );
      await cancelled(t, id);
      t.contains(await inserted(t), own, 'the device must have its node after the mirror');
      const filter = t.name('filter');
      await t.execute('blockdev-mirror', { ...args, 'filter-node-name': filter });
      t.contains(
        await inserted(t),
        { 'node-name': filter },
        'query-block must show a filter that was given a name',
      );
      t.contains(
        await statistics(t),
        { 'node-name': filter },
        'query-blockstats must tell of a filter that was given a name',
      );
      await cancelled(t, id);
      t.contains(await inserted(t), own, 'the device must have its node after the second mirror');
    },
  },
];
