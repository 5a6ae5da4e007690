/** Where discards and zeroes arrive that go through nodes which hand them on: the tables of the image below tell. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  CLUSTERS,
  chainNodes,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, perform } from '../helpers/node-io.ts';
import { buildQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { makeFile, needs } from '../helpers/shared-setup.ts';
import { addGroup, throttleNodes } from '../helpers/throttling.ts';

interface Above {
  /** Options of a node over the node `below`. */
  options(t: CaseContext, below: string): Promise<JsonObject>;
  /** How many clusters further down requests arrive. */
  readonly shift: number;
}

const ABOVE: Readonly<Record<string, Above>> = {
  raw: { options: async (_t, file) => ({ driver: 'raw', file }), shift: 0 },
  'raw with an offset': {
    options: async (_t, file) => ({ driver: 'raw', file, offset: 5 * CLUSTER }),
    shift: 5,
  },
  'raw with offset and size': {
    options: async (_t, file) => ({ driver: 'raw', file, offset: 3 * CLUSTER, size: 8 * CLUSTER }),
    shift: 3,
  },
  throttle: {
    options: async (t, file) => ({ driver: 'throttle', file, 'throttle-group': await addGroup(t, {}) }),
    shift: 0,
  },
  blkdebug: { options: async (_t, image) => ({ driver: 'blkdebug', image }), shift: 0 },
};

const everywhere = new Map(Array.from({ length: CLUSTERS }, (_, index) => [index, 0x11]));

/** The clusters of an image that have no place, and those that are marked as zeroes. */
async function changedBy(
  t: CaseContext,
  above: Above,
  kind: 'discard' | 'write-zeroes',
  unmap: boolean,
): Promise<{ gone: number[]; zero: number[] }> {
  const file = await makeFile(
    t,
    buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: everywhere }),
  );
  const below = await addQcow2(t, file, { discard: 'unmap' });
  const node = t.name('above');
  await t.execute('blockdev-add', {
    ...(await above.options(t, below)),
    'node-name': node,
    discard: 'unmap',
  });
  const range = { offset: 2 * CLUSTER, length: 2 * CLUSTER };
  await perform(t, node, kind === 'discard' ? { kind, ...range } : { kind, ...range, unmap });
  await release(t, [below, node]);
  const [image, bytes] = [await readImage(t, file), await bytesOf(t, file.local)];
  const all = [...everywhere.keys()];
  return {
    gone: all.filter((index) => placeOf(bytes, index) === null),
    zero: all.filter((index) => image.cluster(index) === 'zero'),
  };
}

export const handedOn: readonly CaseDefinition[] = [
  {
    id: 'node-options/handed-on-where-meant',
    title: 'Discards and zeroes go through raw, throttle and blkdebug to the clusters meant, and to no other',
    requirements: ['BlockdevDiscardOptions/unmap', 'raw/offset'],
    needs: needs(chainNodes, nodeBytes, throttleNodes, { drivers: ['blkdebug', 'raw'] }),
    async run(t: CaseContext) {
      for (const [what, above] of Object.entries(ABOVE)) {
        const meant = [2 + above.shift, 3 + above.shift];
        const discarded = await changedBy(t, above, 'discard', false);
        t.equal(discarded.gone, meant, `a discard through ${what} must take their places from the clusters`);
        const unmapped = await changedBy(t, above, 'write-zeroes', true);
        t.equal(unmapped, { gone: meant, zero: meant }, `zeroes through ${what} may leave a hole if told so`);
        const kept = await changedBy(t, above, 'write-zeroes', false);
        t.equal(kept, { gone: [], zero: meant }, `zeroes through ${what} must leave no hole if not told so`);
      }
    },
  },
];
