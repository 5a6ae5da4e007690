/** Whatever is done to a graph, in whatever order, and whether or not it was refused, what must hold of it holds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { addDrive } from '../options/drive.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { snapshotWithImage, snapshotWithNode } from './external-snapshot.ts';
import { createNamedImage } from './named-image.ts';
import { childPermissions, setPermissions } from './permissions.ts';
import { describeNode } from './query-nodes.ts';
import { setReadOnly } from './reopen.ts';

const SIZE = 65536;
const IMAGES = ['a', 'b', 'c'];
const RUNS = 40;

const name = fc.constantFrom('n0', 'n1', 'n2', 'n3', 'd0');
const image = fc.constantFrom(...IMAGES);
const flag = fc.boolean();
type Step = (block: BlockLayer, folder: string) => Promise<unknown>;

const qcow2 = (folder: string, node: string, file: string, more: JsonObject): JsonObject => ({
  driver: 'qcow2',
  'node-name': node,
  file: { driver: 'file', filename: join(folder, file) },
  ...more,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(name, image, flag, flag).map(
    ([node, file, isEmpty, readOnly]): Step =>
      (block, folder) =>
        block.add(qcow2(folder, node, file, { 'read-only': readOnly, ...(isEmpty && { backing: null }) })),
  ),
  fc.tuple(name, image, name).map(
    ([node, file, backing]): Step =>
      (block, folder) =>
        block.add(qcow2(folder, node, file, { backing })),
  ),
  fc.tuple(name, name).map(
    ([node, file]): Step =>
      (block) =>
        block.add({ driver: 'raw', 'node-name': node, file }),
  ),
  name.map(
    (node): Step =>
      (block) =>
        block.delete(node),
  ),
  image.map(
    (file): Step =>
      (block, folder) =>
        addDrive(`if=none,id=d0,file=${join(folder, file)}`, block),
  ),
  fc.tuple(name, name, flag).map(
    ([node, overlay, commits]): Step =>
      async (block) => {
        const snapshot = await snapshotWithNode(block.graph, node, overlay);
        await (commits ? snapshot.commit() : snapshot.abort());
      },
  ),
  fc.tuple(name, name, image, flag).map(
    ([node, overlay, file, commits]): Step =>
      async (block, folder) => {
        const snapshot = await snapshotWithImage(block.graph, {
          device: node,
          filename: join(folder, file),
          snapshotNodeName: overlay,
          format: 'qcow2',
          existing: false,
        });
        await (commits ? snapshot.commit() : snapshot.abort());
      },
  ),
  fc.tuple(name, flag).map(
    ([node, readOnly]): Step =>
      (block) =>
        setReadOnly(block.graph, block.graph.lookup(node, node), readOnly),
  ),
  fc.tuple(name, fc.nat(3)).map(
    ([node, sectors]): Step =>
      (block) =>
        block.resize(block.graph.lookup(node, node), SIZE + sectors * 512),
  ),
);

test('edges lead both ways, permissions follow the rules, and closing leaves nothing', async () => {
  const run = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
    const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-graph-'));
    const block = testBlockLayer(testServices(folder));
    try {
      for (const file of IMAGES)
        await createNamedImage(block.graph, { filename: join(folder, file), format: 'qcow2', size: SIZE });
      for (const act of steps) {
        try {
          await act(block, folder);
        } catch (error) {
          if (!(error instanceof CommandError)) throw error;
        }
        check(block);
      }
    } finally {
      await block.close();
      await rm(folder, { recursive: true });
    }
    expect(block.graph.nodes).toEqual([]);
  });
  await fc.assert(run, { numRuns: RUNS });
}, 60_000);

function check({ graph }: BlockLayer): void {
  for (const node of graph.nodes) {
    expect(node.parents.length > 0 || node.monitorOwned, `${node.name} is held by someone`).toBe(true);
    for (const edge of node.children) {
      expect(edge.parent).toBe(node);
      expect(graph.nodes).toContain(edge.node);
      expect(edge.node.parents).toContain(edge);
      expect(edge.permissions).toEqual(childPermissions(edge.role, node));
      // Nobody is in conflict with anybody: what each has, it could take anew.
      expect(() => setPermissions(edge, edge.permissions)).not.toThrow();
    }
    for (const edge of node.parents) expect(edge.node).toBe(node);
    const isBacking = node.parents.some(({ role }) => role === 'backing');
    expect(node.blockers.reason() !== undefined).toBe(isBacking);
    expect(describeNode(node)['node-name']).toBe(node.name);
  }
}
