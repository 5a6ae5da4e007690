/** Chains of images of different sizes: what lies behind the end of a shorter one is zeroes, whatever is below it. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { type CopyCommand, copy, eventsOf, readyToEnd, typeOf } from '../copy-jobs/copy-commands.ts';
import {
  addLayers,
  addQcow2,
  CLUSTER,
  chainNodes,
  checkContent,
  guestContent,
  type Layer,
  makeLayers,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { completed, succeeded } from '../helpers/job-steps.ts';
import { buildQcow2, type NewQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

/** In bytes; the ends lie within clusters. */
const SIZES = [5 * CLUSTER + 512, 11 * CLUSTER - 512, 14 * CLUSTER + 1024] as const;
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** What the layers hold of their own, bottom first: of every three clusters all, two or one. */
const HELD = [() => true, (index: number) => index % 3 !== 0, (index: number) => index % 3 === 1] as const;

/** Images of these sizes, bottom first, each filled by a byte of its own where it holds anything. */
function uneven(order: readonly number[]): NewQcow2[] {
  return order.map((which, layer) => {
    const size = SIZES[which]!;
    const indices = Array.from({ length: Math.ceil(size / CLUSTER) }, (_, index) => index);
    const clusters = new Map(indices.filter(HELD[layer]!).map((index) => [index, 0x11 * (layer + 1)]));
    return { size, clusterSize: CLUSTER, clusters };
  });
}

/** Orders in which the image in the middle is shorter than the base, of which it hides a part. */
const hiding = ORDERS.filter(([base, middle]) => middle < base);
const notHiding = ORDERS.filter((order) => !hiding.includes(order));

/** Runs `act` on a chain of each order of sizes. What a guest reads of the image that it gives must be what the top image held. */
async function onEachOrder(
  t: CaseContext,
  orders: readonly (readonly number[])[],
  act: (layers: readonly [Layer, Layer, Layer], topSize: number) => Promise<Layer>,
): Promise<void> {
  for (const order of orders) {
    const files = await makeLayers(t, uneven(order));
    const before = await guestContent(t, files[2]!.local);
    const layers = await addLayers(t, files);
    const [base, middle, top] = layers;
    const result = await act([base!, middle!, top!], before.length);
    await release(t, [...new Set([...layers, result].map(({ node }) => node))]);
    const sizes = order.map((which) => SIZES[which]).join(', ');
    await checkContent(t, result.file, before, `the image over a chain of sizes ${sizes}`);
  }
}

/** Runs a job that makes the chain below a node shorter, to its good end: `depth` images are left below. */
async function shorten(
  t: CaseContext,
  { node }: Layer,
  depth: number,
  [command, args]: readonly ['block-commit' | 'block-stream', JsonObject],
): Promise<void> {
  const id = t.name('job');
  await t.execute(command, { 'job-id': id, device: node, ...args });
  await completed(t, id, command === 'block-commit' ? 'commit' : 'stream');
  t.contains(await nodeInfo(t, node), { backing_file_depth: depth }, 'the chain must be shorter');
}

const ends = { events: ['BLOCK_JOB_COMPLETED'] };

const copyNeeds = (command: CopyCommand): Needs => ({
  commands: [command, 'block-job-cancel'],
  events: eventsOf(command),
});

/** `count` clusters of a byte, all or those of `indices`. */
const held = (
  count: number,
  byte: number,
  indices: readonly number[] = [...Array(count).keys()],
): NewQcow2 => ({
  size: count * CLUSTER,
  clusterSize: CLUSTER,
  clusters: new Map(indices.map((index) => [index, byte])),
});

/** The cases of uneven chains. */
export const unevenChains: readonly CaseDefinition[] = [
  {
    id: 'block-stream/uneven-chain',
    title: 'A stream of a whole chain of images of different sizes leaves what a guest reads as it was',
    requirements: ['block-stream/completes'],
    needs: needs(chainNodes, { ...ends, commands: ['block-stream'] }),
    async run(t: CaseContext) {
      await onEachOrder(t, ORDERS, async ([, , top]) => {
        await shorten(t, top, 0, ['block-stream', {}]);
        return top;
      });
    },
  },
  ...(
    [
      ['uneven-chain-to-base', notHiding, 'of another size than those above'],
      ['short-middle', hiding, 'that is longer than the image between'],
    ] as const
  ).map(
    ([name, orders, what]): CaseDefinition => ({
      id: `block-stream/${name}`,
      title: `A stream down to a base ${what} leaves what a guest reads as it was`,
      requirements: ['block-stream/base-node'],
      needs: needs(chainNodes, { ...ends, commands: ['block-stream'] }),
      async run(t: CaseContext) {
        await onEachOrder(t, orders, async ([base, , top]) => {
          await shorten(t, top, 1, ['block-stream', { 'base-node': base.node }]);
          return top;
        });
      },
    }),
  ),
  {
    id: 'block-stream/behind-short-middle',
    title:
      'A stream copies what the images between hold or hide of the base, exactly as far as the base goes',
    requirements: ['block-stream/base-node'],
    needs: needs(chainNodes, { ...ends, commands: ['block-stream'] }),
    async run(t: CaseContext) {
      const files = await makeLayers(t, [held(8, 0x11), held(5, 0x22, [1, 3]), held(12, 0x33, [6, 9])]);
      const before = await guestContent(t, files[2]!.local);
      const layers = await addLayers(t, files);
      const [base, , top] = layers;
      await shorten(t, top!, 1, ['block-stream', { 'base-node': base!.node }]);
      await release(
        t,
        layers.map(({ node }) => node),
      );
      await checkContent(t, top!.file, before, 'the image over a short one');
      const image = await readImage(t, top!.file);
      t.equal(
        [...Array(12).keys()].filter((index) => image.cluster(index) !== null),
        [1, 3, 5, 6, 7, 9],
        'the image must have its own clusters, those of the image between, and those that it hides of the base',
      );
    },
  },
  ...(
    [
      ['uneven-chain', notHiding, 'a base of another size'],
      ['short-middle', hiding, 'a longer base'],
    ] as const
  ).map(
    ([name, orders, what]): CaseDefinition => ({
      id: `block-commit/${name}`,
      title: `A commit of the image in the middle of a chain into ${what} leaves what a guest reads as it was`,
      requirements: ['block-commit/commits'],
      needs: needs(chainNodes, { ...ends, commands: ['block-commit'] }),
      async run(t: CaseContext) {
        await onEachOrder(t, orders, async ([, middle, top]) => {
          await shorten(t, top, 1, ['block-commit', { top: middle.file.path }]);
          return top;
        });
      },
    }),
  ),
  ...(['blockdev-backup', 'blockdev-mirror'] as const).flatMap((command): readonly CaseDefinition[] => [
    {
      id: `${command}/uneven-chain`,
      title: `${command} with sync full copies what is read through images of different sizes`,
      requirements: [`${command}/copies`],
      needs: needs(chainNodes, copyNeeds(command)),
      async run(t: CaseContext) {
        await onEachOrder(t, ORDERS, async ([, , top], size) => {
          const { name, file } = await addRaw(t, size);
          await copy(t, command, { device: top.node, target: name });
          return { node: name, file };
        });
      },
    },
    {
      id: `${command}/uneven-chain-top`,
      title: `${command} with sync top copies what makes the top image of a chain of different sizes`,
      requirements: [`${command}/sync-top`],
      needs: needs(chainNodes, copyNeeds(command)),
      async run(t: CaseContext) {
        await onEachOrder(t, ORDERS, async ([, middle, top], size) => {
          const backing = { name: middle.file.path, format: 'qcow2' };
          const file = await makeFile(t, buildQcow2({ size, clusterSize: CLUSTER, backing }));
          const node = await addQcow2(t, file, { backing: middle.node });
          const id = t.name('job');
          await t.execute(command, { 'job-id': id, device: top.node, target: node, sync: 'top' });
          await readyToEnd(t, typeOf(command), id);
          await succeeded(t, id, typeOf(command));
          return { node, file };
        });
      },
    },
  ]),
];
