/** The names of a quorum's children, by which they are taken out. */
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
];
