/** What stands above a node that is snapshotted: filters, quorums and guest devices without a drive go on with the overlay. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addChain, addQcow2, CLUSTER, chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { nodeBytes, readNode, writeNode } from '../helpers/node-io.ts';
import { needs } from '../helpers/shared-setup.ts';
import { addGroup, throttleNodes } from '../helpers/throttling.ts';

/** A driver that stands above a node, by the options of its node. */
interface Above {
  readonly driver: string;
  readonly needs: Needs;
  options(t: CaseContext, node: string): Promise<JsonObject>;
}

const ABOVE: readonly Above[] = [
  {
    driver: 'throttle',
    needs: throttleNodes,
    options: async (t, file) => ({ file, 'throttle-group': await addGroup(t, {}) }),
  },
  {
    driver: 'blkdebug',
    needs: { drivers: ['blkdebug'] },
    options: async (_t, image) => ({ image }),
  },
  {
    driver: 'quorum',
    needs: { drivers: ['quorum'] },
    options: async (_t, node) => ({ children: [node], 'vote-threshold': 1 }),
  },
];

/** For each of these drivers. */
export const parentsOfSnapshots: readonly CaseDefinition[] = ABOVE.map(
  (above): CaseDefinition => ({
    id: `blockdev-snapshot/below-${above.driver}`,
    title: `A ${above.driver} node above one that is snapshotted reads and writes the overlay from then on`,
    requirements: ['blockdev-snapshot/device-follows'],
    needs: needs(chainNodes, nodeBytes, above.needs, { commands: ['blockdev-snapshot'] }),
    async run(t: CaseContext) {
      const [base] = await addChain(t, 1);
      const parent = t.name('above');
      const options = await above.options(t, base!.node);
      await t.execute('blockdev-add', { driver: above.driver, 'node-name': parent, ...options });
      const overlay = await addQcow2(t, await makeEmpty(t));
      await t.execute('blockdev-snapshot', { node: base!.node, overlay });
      await writeNode(t, parent, 0, CLUSTER, 0x51);
      const read = async (node: string) => (await readNode(t, node, 0, 1))[0]!;
      t.equal(
        [await read(parent), await read(overlay), await read(base!.node)],
        [0x51, 0x51, 0x11],
        'what is written above must be in the overlay, and not below that',
      );
    },
  }),
);
