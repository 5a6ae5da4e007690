/** Quorums that go on after something: with a child more or less, after a failure, with large reads. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { addNode, dataNodes, fileNodes, KiB, makeFile, needs, nodeNames } from '../helpers/shared-setup.ts';
import { checkReadFails, checkReads, filledFile } from './driver-guest.ts';
import { ownEvents, QUORUM_SIZE, REQUEST, same, scene, voting } from './quorum.ts';

const changes = needs(dataNodes, { commands: ['x-blockdev-change'], drivers: ['quorum'] });

/** Cases of quorums later in their lives. */
export const quorumChanges: readonly CaseDefinition[] = [
  {
    id: 'x-blockdev-change/new-child-votes',
    title: 'A child that a quorum was given is read with the others, and none that was taken out',
    requirements: ['x-blockdev-change/adds', 'x-blockdev-change/removes', 'quorum/votes'],
    needs: needs(voting, { commands: ['x-blockdev-change'] }),
    async run(t: CaseContext) {
      const { node: parent, guest } = await scene(t, same(5, 9), { 'vote-threshold': 2 });
      await checkReadFails(t, guest, REQUEST, 'that two children do not agree on');
      const added: string[] = [];
      for (const byte of [9, 5]) {
        const name = t.name('child');
        const { options } = await filledFile(t, QUORUM_SIZE, byte);
        await t.execute('blockdev-add', { 'node-name': name, ...options });
        added.push(name);
      }
      await t.execute('x-blockdev-change', { parent, node: added[0]! });
      await checkReads(t, guest, REQUEST, 9, 'with a third child that agrees with the second');
      await t.execute('x-blockdev-change', { parent, child: 'children.1' });
      await checkReadFails(t, guest, REQUEST, 'without the second child');
      await t.execute('x-blockdev-change', { parent, node: added[1]! });
      await checkReads(t, guest, REQUEST, 5, 'with a child that agrees with the first');
    },
  },
  {
    id: 'x-blockdev-change/inline-child-goes',
    title: 'A child that was defined within the quorum goes with its place there, and those below it too',
    requirements: ['x-blockdev-change/removes'],
    needs: needs(changes, fileNodes),
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const parent = t.name('quorum');
      const children: { driver: string; file: { driver: string; filename: string } }[] = [];
      while (children.length < 3)
        children.push({
          driver: 'raw',
          file: { driver: 'file', filename: (await makeFile(t, 64 * KiB)).path },
        });
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 1,
        children,
      });
      for (const [index, left] of [5, 3].entries()) {
        await t.execute('x-blockdev-change', { parent, child: `children.${index}` });
        t.equal(
          (await nodeNames(t)).length - before.length,
          left,
          'the quorum and two nodes for each of its children must be there',
        );
      }
      await t.execute('blockdev-del', { 'node-name': parent });
      t.equal((await nodeNames(t)).toSorted(), before.toSorted(), 'nothing of the quorum must be left');
    },
  },
  {
    id: 'x-blockdev-change/too-few-after-a-gap',
    title: 'However a quorum came to as few children as it needs, none is taken out',
    requirements: ['x-blockdev-change/keeps-threshold'],
    needs: changes,
    async run(t: CaseContext) {
      const parent = t.name('quorum');
      const children: string[] = [];
      while (children.length < 3) children.push(await addNode(t, { size: 64 * KiB }));
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 2,
        children,
      });
      await t.execute('x-blockdev-change', { parent, child: 'children.0' });
      for (const child of ['children.1', 'children.2'])
        await t.refused('x-blockdev-change', { parent, child }, { text: /threshold/ });
      for (const node of children.slice(1)) await t.refused('blockdev-del', { 'node-name': node });
      await t.execute('blockdev-del', { 'node-name': children[0]! });
    },
  },
  {
    id: 'quorum/rewrites-whole-reads',
    title: 'With rewrite-corrupted all of a large read is written over the child that was outvoted',
    requirements: ['quorum/rewrite-corrupted'],
    needs: voting,
    async run(t: CaseContext) {
      const { guest, files } = await scene(t, same(5, 5, 9), {
        'vote-threshold': 2,
        'rewrite-corrupted': true,
      });
      await checkReads(t, guest, [0, QUORUM_SIZE], 5, 'of a quorum whose last child is outvoted');
      await guest.close();
      t.check(
        (await bytesOf(t, files[2]!.local)).equals(Buffer.alloc(QUORUM_SIZE, 5)),
        'the child must hold what the others do, from the first byte to the last',
        'it does not',
      );
    },
  },
  {
    id: 'QUORUM_FAILURE/again',
    title: 'Each request that a quorum fails is told, also when one was told before',
    requirements: ['QUORUM_FAILURE/emitted', 'QUORUM_FAILURE/sectors'],
    needs: voting,
    async run(t: CaseContext) {
      const { node, guest } = await scene(t, same(5, 9), { 'vote-threshold': 2 });
      for (const sector of [8, 40]) {
        await checkReadFails(t, guest, [sector * 512, 512], 'that two children do not agree on');
        await t.event('QUORUM_FAILURE', { reference: node, 'sector-num': sector });
      }
    },
  },
  {
    id: 'QUORUM_REPORT_BAD/once-a-second',
    title: 'Of each child that is outvoted again and again an event a second is told, the last one too',
    requirements: ['QUORUM_REPORT_BAD/rate', 'QUORUM_REPORT_BAD/sectors'],
    needs: voting,
    async run(t: CaseContext) {
      const { children, guest } = await scene(t, same(5, 9, 5, 7, 5), { 'vote-threshold': 3 });
      const outvoted = [children[1]!, children[3]!];
      const told = async (sector: number) => {
        for (const child of outvoted) {
          const { data } = await t.event('QUORUM_REPORT_BAD', { 'node-name': child });
          t.equal(
            (data as JsonObject)['sector-num']!,
            sector,
            'the first request must be told of each child, then the last of a second',
          );
        }
      };
      for (const sector of [8, 40, 16, 24])
        await checkReads(t, guest, [sector * 512, 512], 5, 'that three of five children agree on');
      await told(8);
      if (t.virtualTime) {
        await t.elapse(999);
        t.check(
          ownEvents(t, 'QUORUM_REPORT_BAD').length === 0,
          'no more must be told within a second',
          'it is',
        );
        await t.elapse(1);
        t.equal(
          ownEvents(t, 'QUORUM_REPORT_BAD').length,
          outvoted.length,
          'the rest must be told when the second is over',
        );
      }
      await told(24);
      t.check(ownEvents(t, 'QUORUM_REPORT_BAD').length === 0, 'nothing more must be told', 'something is');
    },
  },
];
