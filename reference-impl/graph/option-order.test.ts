/**
 * In which order `json:` names list options. As seen on live endpoints: options of the same depth and hash change places
 * with every copy that is made of their table on the way to the node. (A newer endpoint makes one copy more.)
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { addDrive } from '../options/drive.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';

let block: BlockLayer;

beforeEach(async () => {
  block = testBlockLayer(testServices('/'));
  await block.add({ driver: 'null-co', 'node-name': 'z' });
});

afterEach(() => block.close());

const one = { 'inject-error': [{ event: 'pwritev', errno: 28 }] };
const two = {
  'inject-error': [
    { event: 'pwritev', state: 1, errno: 28 },
    { event: 'read_aio', state: 2, errno: 5 },
  ],
};
const [e0, n0, s0] = ['event', 'errno', 'state'].map((name) => `inject-error.0.${name}`);
const [e1, n1, s1] = ['event', 'errno', 'state'].map((name) => `inject-error.1.${name}`);

/** The options of errors as the name of `node` lists them. */
function listed(node: string): string[] {
  const name = block.graph.find(node)!.filename.shown;
  return [...name.matchAll(/"(inject-error[^"]*)"/g)].map(([, option]) => option!);
}

test.each<[depth: number, options: JsonObject, order: unknown[]]>([
  [0, one, [n0, e0]],
  [1, one, [e0, n0]],
  [2, one, [e0, n0]],
  [3, one, [e0, n0]],
  [0, two, [s1, s0, n1, e1, n0, e0]],
  [1, two, [s1, s0, e1, e0, n1, n0]],
  [2, two, [s1, s0, e1, e0, n1, n0]],
  [3, two, [s1, s0, e1, e0, n1, n0]],
])('at depth %i: %j', async (depth, options, order) => {
  let definition: JsonObject = { driver: 'blkdebug', image: 'z', ...options };
  for (let above = 0; above < depth; above += 1) definition = { driver: 'raw', file: definition };
  await block.add({ ...definition, 'node-name': 'n' });
  expect(listed('n')).toEqual(order);
});

test('in an element of a list', async () => {
  const child = { driver: 'blkdebug', image: 'z', ...one };
  await block.add({ driver: 'quorum', 'node-name': 'n', 'vote-threshold': 1, children: ['z', child] });
  expect(listed('n')).toEqual([n0, e0]);
});

test.each([
  ['inject-error.0.event=pwritev,inject-error.0.errno=28', '', [n0, e0]],
  ['inject-error.0.errno=28,inject-error.0.event=pwritev', '', [e0, n0]],
  ['file.inject-error.0.event=pwritev,file.inject-error.0.errno=28', 'file.', [e0, n0]],
  ['file.inject-error.0.errno=28,file.inject-error.0.event=pwritev', 'file.', [e0, n0]],
])('-drive %s', async (options, prefix, order) => {
  const image = `${prefix}driver=blkdebug,${prefix}image.driver=null-co,${options}`;
  await addDrive(`if=none,id=d,node-name=n,${prefix ? 'format=raw,' : ''}${image}`, block);
  expect(listed('n')).toEqual(order);
});
