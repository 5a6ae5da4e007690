/** blockdev-snapshot-internal-sync and its opposite: snapshots inside an image. */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addChain,
  addQcow2,
  chainNodes,
  checkContent,
  makeEmpty,
  release,
  stairs,
} from './helpers/backing-chains.ts';
import { addNode, needs, snapshotsOf } from './helpers/shared-setup.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';

const snapshots = needs(chainNodes, { commands: [TAKE, DELETE], nodes: ['data'] });

/** Id and name of the snapshots in the image of a node, in order. */
async function listed(t: CaseContext, node: string): Promise<JsonObject[]> {
  return (await snapshotsOf(t, node)).map(({ id = null, name = null }) => ({ id, name }));
}

export const internalSnapshots: readonly CaseDefinition[] = [
  {
    id: 'internal-snapshot/take-and-delete',
    title: 'Snapshots are taken and listed in order, and deleted by name and by id; the data stays',
    requirements: ['blockdev-snapshot-internal-sync/takes', 'blockdev-snapshot-delete-internal-sync/deletes'],
    needs: snapshots,
    async run(t: CaseContext) {
      const [layer] = await addChain(t, 1);
      const { node, file } = layer!;
      t.equal(await listed(t, node), [], 'a new image must have no snapshots');
      for (const name of ['one', 'two', 'three'])
        t.equal(
          await t.execute(TAKE, { device: node, name }),
          {},
          'blockdev-snapshot-internal-sync must return an empty object',
        );
      const all = await listed(t, node);
      t.equal(
        all.map(({ name }) => name!),
        ['one', 'two', 'three'],
        'snapshots must be listed in the order in which they were taken',
      );
      t.contains(
        await t.execute(DELETE, { device: node, name: 'two' }),
        all[1]!,
        'deleting by name must return the snapshot that was deleted',
      );
      const third = { device: node, id: String(all[2]!.id) };
      t.contains(
        await t.execute(DELETE, third),
        all[2]!,
        'deleting by name and id must return the snapshot that was deleted',
      );
      t.equal(await listed(t, node), [all[0]!], 'the other snapshots must still be there');
      await release(t, [node]);
      await checkContent(t, file, stairs(1), 'the image');
      const again = await addQcow2(t, file);
      t.equal(await listed(t, again), [all[0]!], 'the snapshot must be in the image file');
    },
  },
  {
    id: 'internal-snapshot/refused',
    title: 'A name that is taken or empty, another format and an unknown node are refused',
    requirements: ['blockdev-snapshot-internal-sync/name', 'blockdev-snapshot-internal-sync/supported'],
    needs: snapshots,
    async run(t: CaseContext) {
      const node = await addQcow2(t, await makeEmpty(t));
      await t.execute(TAKE, { device: node, name: 'one' });
      await t.refused(TAKE, { device: node, name: 'one' });
      await t.refused(TAKE, { device: node, name: '' });
      await t.refused(TAKE, { device: await addNode(t), name: 'one' });
      await t.refused(TAKE, { device: t.name('nothing'), name: 'one' });
      t.equal((await listed(t, node)).length, 1, 'a refusal must leave the one snapshot');
    },
  },
  {
    id: 'internal-snapshot/delete-refused',
    title: 'Neither id nor name, both of different snapshots, and one that is not there are refused',
    requirements: ['blockdev-snapshot-delete-internal-sync/selects'],
    needs: snapshots,
    async run(t: CaseContext) {
      const node = await addQcow2(t, await makeEmpty(t));
      for (const name of ['one', 'two']) await t.execute(TAKE, { device: node, name });
      const [one, two] = await listed(t, node);
      t.check(
        one !== undefined && two !== undefined,
        'both snapshots must be listed',
        `${one === undefined ? 'the first' : 'the second'} is not`,
      );
      await t.refused(DELETE, { device: node });
      await t.refused(DELETE, { device: node, name: 'three' });
      await t.refused(DELETE, { device: node, id: '7' });
      await t.refused(DELETE, { device: node, id: one.id!, name: 'two' });
      await t.refused(DELETE, { device: t.name('nothing'), name: 'one' });
      t.equal(await listed(t, node), [one, two], 'a refusal must leave both snapshots');
      await t.execute(DELETE, { device: node, id: one.id!, name: 'one' });
      t.equal(await listed(t, node), [two], 'id and name that fit must delete that one snapshot');
    },
  },
];
