/** The children that come to a quorum: the names by which they are taken out, and which may come. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addNode, dataNodes, KiB, needs } from '../helpers/shared-setup.ts';

/** The cases of children's names. */
export const quorumNames: readonly CaseDefinition[] = [
  {
    id: 'x-blockdev-change/names-of-new-children',
    title: 'A new child is called by the next number: that of the last one is given again, no other',
    requirements: ['x-blockdev-change/leaves-gap', 'x-blockdev-change/adds'],
    needs: needs(dataNodes, { commands: ['x-blockdev-change'], drivers: ['quorum'] }),
    async run(t: CaseContext) {
      const parent = t.name('quorum');
      const children = [];
      for (let index = 0; index < 3; index += 1) children.push(await addNode(t, { size: 64 * KiB }));
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 1,
        children,
      });
      const change = (what: { child: string } | { node: string }) =>
        t.execute('x-blockdev-change', { parent, ...what });
      await change({ child: 'children.2' });
      await change({ node: children[2]! });
      await t.refused('x-blockdev-change', { parent, child: 'children.3' });
      await change({ child: 'children.2' });
      await change({ node: children[2]! });
      await change({ child: 'children.0' });
      await change({ node: children[0]! });
      await t.refused('x-blockdev-change', { parent, child: 'children.0' });
      await change({ child: 'children.3' });
      await t.execute('blockdev-del', { 'node-name': children[0]! });
    },
  },
  {
    id: 'x-blockdev-change/nodes-in-use',
    title: 'A node that one parent has, however little it asks, comes to no quorum until that parent is gone',
    requirements: ['x-blockdev-change/adds', 'x-blockdev-change/removes'],
    needs: needs(dataNodes, { commands: ['x-blockdev-change'], drivers: ['quorum', 'raw'] }),
    async run(t: CaseContext) {
      const [first, second, node] = [await addNode(t), await addNode(t), await addNode(t)];
      const [parent, reader] = [t.name('quorum'), t.name('reader')];
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 1,
        children: [first, second],
        'read-only': true,
      });
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': reader,
        'read-only': true,
        file: node,
      });
      for (const taken of [node, first])
        await t.refused('x-blockdev-change', { parent, node: taken }, { text: /already has a parent/ });
      await t.refused('x-blockdev-change', { parent, child: 'children.2' });
      await t.execute('blockdev-del', { 'node-name': reader });
      await t.execute('x-blockdev-change', { parent, node });
      await t.execute('x-blockdev-change', { parent, child: 'children.2' });
    },
  },
];
