/** Internal snapshots that could be taken for each other: names like ids, the same names in several images, dates. */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { addQcow2, chainNodes, makeEmpty, release } from './helpers/backing-chains.ts';
import { needs, snapshotsOf } from './helpers/shared-setup.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';
const snapshots = needs(chainNodes, { commands: [TAKE, DELETE] });

/** Id and name of the snapshots in the image of a node. */
const names = async (t: CaseContext, node: string) =>
  (await snapshotsOf(t, node)).map(({ id = null, name = null }) => [id, name]);

/** Nanoseconds since 1970. */
const dateOf = (snapshot: JsonObject): number =>
  Number(snapshot['date-sec']) * 1e9 + Number(snapshot['date-nsec']);

/** Cases of snapshots that are told from each other. */
export const internalSnapshotNames: readonly CaseDefinition[] = [
  {
    id: 'internal-snapshot/name-like-an-id',
    title:
      'A name selects the snapshot of that name, and an id that of that id, where each is the other of another one',
    requirements: ['blockdev-snapshot-delete-internal-sync/selects'],
    needs: snapshots,
    async run(t: CaseContext) {
      const node = await addQcow2(t, await makeEmpty(t));
      for (const name of ['3', '1', '2']) await t.execute(TAKE, { device: node, name });
      const all = [
        ['1', '3'],
        ['2', '1'],
        ['3', '2'],
      ];
      t.equal(await names(t, node), all, 'ids must count from 1');
      await t.refused(DELETE, { device: node, id: '1', name: '1' });
      await t.refused(DELETE, { device: node, name: '4' });
      t.contains(
        await t.execute(DELETE, { device: node, name: '1' }),
        { id: '2', name: '1' },
        'a name must select the snapshot of that name',
      );
      await t.refused(DELETE, { device: node, id: '2' });
      t.contains(
        await t.execute(DELETE, { device: node, id: '3' }),
        { id: '3', name: '2' },
        'an id must select the snapshot of that id',
      );
      t.equal(await names(t, node), [all[0]!], 'the other snapshot must stay');
    },
  },
  {
    id: 'internal-snapshot/same-names-in-images',
    title: 'Snapshots of the same name and id in several images go one by one, by the node that is named',
    requirements: ['blockdev-snapshot-delete-internal-sync/deletes', 'blockdev-snapshot-internal-sync/takes'],
    needs: snapshots,
    async run(t: CaseContext) {
      const images: string[] = [];
      while (images.length < 3) images.push(await addQcow2(t, await makeEmpty(t)));
      for (const name of ['one', 'two']) for (const device of images) await t.execute(TAKE, { device, name });
      await t.execute(DELETE, { device: images[1]!, name: 'one' });
      await t.execute(DELETE, { device: images[2]!, id: '2' });
      const found: string[][] = [];
      for (const node of images) found.push((await snapshotsOf(t, node)).map(({ name }) => String(name)));
      t.equal(found, [['one', 'two'], ['two'], ['one']], 'each image must lose what was deleted in it');
    },
  },
  {
    id: 'internal-snapshot/names-taken',
    title:
      'The name of any snapshot of the image is refused, also once it was opened again, and that of a deleted one is free',
    requirements: ['blockdev-snapshot-internal-sync/name'],
    needs: snapshots,
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      let device = await addQcow2(t, file);
      for (const name of ['one', 'two', 'three']) await t.execute(TAKE, { device, name });
      for (const name of ['one', 'two', 'three']) await t.refused(TAKE, { device, name });
      await t.execute(DELETE, { device, name: 'two' });
      await t.execute(TAKE, { device, name: 'two' });
      await release(t, [device]);
      device = await addQcow2(t, file);
      for (const name of ['one', 'two', 'three']) await t.refused(TAKE, { device, name });
      const all = (await names(t, device)).map(([, name]) => name!);
      t.equal(all, ['one', 'three', 'two'], 'the image must have the snapshots that were taken');
    },
  },
  {
    id: 'internal-snapshot/dates-apart',
    title: 'The dates of two snapshots are as far apart as they were taken, to a fraction of a second',
    requirements: ['SnapshotInfo/date'],
    needs: snapshots,
    async run(t: CaseContext) {
      const node = await addQcow2(t, await makeEmpty(t));
      const apart = 200;
      const most = await t.timed(async () => {
        await t.execute(TAKE, { device: node, name: 'one' });
        await t.elapse(apart);
        await t.execute(TAKE, { device: node, name: 'two' });
      });
      const [one, two] = await snapshotsOf(t, node);
      t.check(one !== undefined && two !== undefined, 'both snapshots must be told', 'they are not');
      const milliseconds = (dateOf(two) - dateOf(one)) / 1e6;
      t.check(
        milliseconds >= apart - 1 && milliseconds <= most + 50,
        `the dates must be ${apart} milliseconds apart, or what it took`,
        `${shown(one['date-nsec'])} and ${shown(two['date-nsec'])} are ${milliseconds} apart`,
      );
    },
  },
];
