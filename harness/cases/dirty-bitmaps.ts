/** Dirty bitmaps: add, remove and clear. */
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { addBitmap, digestOf } from './helpers/bitmaps.ts';
import {
  addNode,
  addRaw,
  dataNodes,
  fileNodes,
  KiB,
  MiB,
  needs,
  nodeInfo,
  refusedAsNotFound,
} from './helpers/shared-setup.ts';

const COMMANDS = [
  'block-dirty-bitmap-add',
  'block-dirty-bitmap-clear',
  'x-debug-block-dirty-bitmap-sha256',
  'block-dirty-bitmap-remove',
] as const;
const bitmapCommands = { commands: COMMANDS };
const bitmaps = needs(dataNodes, bitmapCommands);

/** The bitmaps of a node, where the endpoint shows them there (newer ones do). */
async function shownBitmaps(t: CaseContext, node: string): Promise<JsonObject[]> {
  const info = await nodeInfo(t, node);
  if (!Array.isArray(info['dirty-bitmaps'])) t.skip('query-named-block-nodes does not show bitmaps');
  return info['dirty-bitmaps'].filter(isJsonObject);
}

export const dirtyBitmaps: readonly CaseDefinition[] = [
  {
    id: 'dirty-bitmaps/add-and-remove',
    title: 'A bitmap that was added can be removed, once; then its name is free',
    requirements: [
      'block-dirty-bitmap-add/creates',
      'block-dirty-bitmap-remove/removes',
      'block-dirty-bitmap-remove/name-unknown',
    ],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      const bitmap = { node, name: 'b' };
      for (let round = 0; round < 3; round++) {
        t.equal(await addBitmap(t, node, 'b'), {}, 'block-dirty-bitmap-add must return an empty object');
        t.equal(
          await t.execute('block-dirty-bitmap-remove', bitmap),
          {},
          'block-dirty-bitmap-remove must return an empty object',
        );
        await t.refused('block-dirty-bitmap-remove', bitmap, { text: /'b' not found/ });
      }
    },
  },
  {
    id: 'dirty-bitmaps/shown',
    title: 'A new bitmap is shown with its name, recording, and with nothing dirty',
    requirements: ['block-dirty-bitmap-add/creates', 'block-dirty-bitmap-add/granularity'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'b', { granularity: 4096 });
      const list = await shownBitmaps(t, node);
      t.equal(list.length, 1, 'the node must show one bitmap');
      t.contains(
        list[0]!,
        { name: 'b', granularity: 4096, count: 0 },
        'the bitmap must be shown with its name and granularity, and nothing dirty',
      );
    },
  },
  {
    id: 'dirty-bitmaps/granularity-default',
    title: 'A bitmap without granularity has the digest of one of 64 KiB',
    requirements: ['block-dirty-bitmap-add/granularity-default'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'default');
      await addBitmap(t, node, 'given', { granularity: 64 * KiB });
      t.equal(
        await digestOf(t, node, 'default'),
        await digestOf(t, node, 'given'),
        'the digests without granularity and with 64 KiB must be equal',
      );
    },
  },
  {
    id: 'dirty-bitmaps/granularity-default-shown',
    title: 'A bitmap without granularity shows 64 KiB',
    requirements: ['block-dirty-bitmap-add/granularity-default'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'b');
      t.contains(
        await shownBitmaps(t, node),
        [{ name: 'b', granularity: 64 * KiB }],
        'a bitmap without granularity must show 64 KiB',
      );
    },
  },
  {
    id: 'dirty-bitmaps/granularity-valid',
    title: 'Powers of two from 512 to 2 GiB are granularities',
    requirements: ['block-dirty-bitmap-add/granularity', 'block-dirty-bitmap-add/granularity-largest'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      for (let granularity = 512; granularity <= 64 * MiB; granularity *= 2) {
        await addBitmap(t, node, `b${granularity}`, { granularity });
        await digestOf(t, node, `b${granularity}`);
      }
      for (let granularity = 128 * MiB; granularity <= 2 ** 31; granularity *= 2) {
        const bitmap = { node, name: `b${granularity}`, granularity };
        const { error } = await t.request({ execute: 'block-dirty-bitmap-add', arguments: bitmap });
        t.check(error === undefined, `a granularity of ${granularity} should be taken`, 'it was refused', {
          severity: 'should',
          requirement: 'block-dirty-bitmap-add/granularity-largest',
        });
        await digestOf(t, node, bitmap.name);
      }
    },
  },
  {
    id: 'dirty-bitmaps/granularity-invalid',
    title: 'Granularities below 512 or that are no power of two are refused, and no bitmap is made',
    requirements: ['block-dirty-bitmap-add/granularity-invalid'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      for (const granularity of [0, 1, 256, 511, 513, 1000, 65537, 4294967295])
        await t.refused(
          'block-dirty-bitmap-add',
          { node, name: 'b', granularity },
          { text: /power of (2|two)/ },
        );
      await t.refused('block-dirty-bitmap-remove', { node, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/granularity-beyond-uint32',
    title: 'Granularities outside uint32 are refused, not cut to 32 bits',
    requirements: ['schema/integer-range', 'schema/refused-before-effects'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      for (const granularity of [4294967296, 4294967808, 8589934592, -1, -512, -4294966784])
        await t.refused('block-dirty-bitmap-add', { node, name: 'b', granularity }, { text: /granularity/ });
      await t.refused('block-dirty-bitmap-remove', { node, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/names',
    title: 'Any text but the empty one is a bitmap name, with case',
    requirements: [
      'block-dirty-bitmap-add/creates',
      'block-dirty-bitmap-add/name-empty',
      'schema/case-sensitive',
    ],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      const names = ['1', 'a b', '#x', 'a/b', 'é', '%s', 'b', 'B', 'x'.repeat(1023)];
      for (const name of names) await addBitmap(t, node, name);
      await t.refused('block-dirty-bitmap-add', { node, name: '' }, { text: /empty/ });
      for (const name of names) await t.execute('block-dirty-bitmap-remove', { node, name });
    },
  },
  {
    id: 'dirty-bitmaps/name-taken',
    title: 'A name that a bitmap of the node has is refused, and that bitmap stays',
    requirements: ['block-dirty-bitmap-add/name-taken'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'b', { granularity: 512 });
      const before = await digestOf(t, node, 'b');
      for (const options of [{}, { granularity: 512 }, { granularity: 4096 }])
        await t.refused(
          'block-dirty-bitmap-add',
          { node, name: 'b', ...options },
          { text: /already exists/ },
        );
      t.equal(await digestOf(t, node, 'b'), before, 'the first bitmap must stay as it was');
    },
  },
  {
    id: 'dirty-bitmaps/name-per-node',
    title: 'Two nodes, also parent and child, may each have a bitmap of the same name',
    requirements: ['block-dirty-bitmap-add/name-per-node'],
    needs: needs(bitmaps, { drivers: ['raw'] }),
    async run(t: CaseContext) {
      const child = await addNode(t);
      const parent = t.name('raw');
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': parent, file: child });
      for (const node of [child, parent]) await addBitmap(t, node, 'b');
      await t.execute('block-dirty-bitmap-remove', { node: child, name: 'b' });
      await digestOf(t, parent, 'b');
      await t.refused('x-debug-block-dirty-bitmap-sha256', { node: child, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/node-unknown',
    title: 'A node that does not exist is refused by all four commands',
    requirements: COMMANDS.flatMap(
      (command) => [`${command}/node-unknown`, `${command}/node-unknown-refused`] as const,
    ),
    needs: bitmaps,
    async run(t: CaseContext) {
      const bitmap = { node: t.name('nothing'), name: 'b' };
      for (const command of COMMANDS) await refusedAsNotFound(t, `${command}/node-unknown`, command, bitmap);
      const node = await addNode(t);
      for (const command of COMMANDS) await t.execute(command, { ...bitmap, node });
    },
  },
  {
    id: 'dirty-bitmaps/name-unknown',
    title: 'A bitmap that the node does not have is refused by remove, clear and digest',
    requirements: [
      'block-dirty-bitmap-remove/name-unknown',
      'block-dirty-bitmap-clear/name-unknown',
      'x-debug-block-dirty-bitmap-sha256/name-unknown',
    ],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'b');
      for (const command of COMMANDS.slice(1))
        for (const name of ['nothing', '', 'B', 'b '])
          await t.refused(command, { node, name }, { text: new RegExp(`'${name}' not found`) });
      await digestOf(t, node, 'b');
    },
  },
  {
    id: 'dirty-bitmaps/clear-empty',
    title: 'Clearing an empty bitmap succeeds and leaves its digest as it was',
    requirements: ['block-dirty-bitmap-clear/clears'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await addBitmap(t, node, 'b');
      const before = await digestOf(t, node, 'b');
      t.equal(
        await t.execute('block-dirty-bitmap-clear', { node, name: 'b' }),
        {},
        'block-dirty-bitmap-clear must return an empty object',
      );
      t.equal(
        await digestOf(t, node, 'b'),
        before,
        'clearing an empty bitmap must leave its digest as it was',
      );
    },
  },
  {
    id: 'dirty-bitmaps/survives-resize',
    title: 'A bitmap takes part when its node is resized, and stays usable',
    requirements: ['block-dirty-bitmap-add/creates', 'block_resize/by-node-name'],
    needs: needs(fileNodes, bitmapCommands, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const { name: node } = await addRaw(t, MiB);
      await addBitmap(t, node, 'b', { granularity: 512 });
      const before = await digestOf(t, node, 'b');
      await t.execute('block_resize', { 'node-name': node, size: 2 * MiB });
      t.check(
        (await digestOf(t, node, 'b')) !== before,
        'the bitmap of a node that grew must have another digest',
        'it is the same',
      );
      await t.execute('block_resize', { 'node-name': node, size: MiB });
      t.equal(
        await digestOf(t, node, 'b'),
        before,
        'the bitmap of a node that has its old size again must have its old digest',
      );
      await t.execute('block-dirty-bitmap-clear', { node, name: 'b' });
      await t.execute('block-dirty-bitmap-remove', { node, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/persistent-needs-format',
    title: 'A persistent bitmap on a node whose format cannot store one is refused',
    requirements: ['block-dirty-bitmap-add/persistent-needs-format'],
    needs: needs(bitmaps, { members: ['block-dirty-bitmap-add.persistent'] }),
    async run(t: CaseContext) {
      const node = await addNode(t);
      await t.refused(
        'block-dirty-bitmap-add',
        { node, name: 'b', persistent: true },
        { text: /persistent/ },
      );
      await t.refused('block-dirty-bitmap-remove', { node, name: 'b' });
      await addBitmap(t, node, 'b', { persistent: false });
    },
  },
  {
    id: 'dirty-bitmaps/autoload-ignored',
    title: 'autoload is accepted and means nothing',
    requirements: ['block-dirty-bitmap-add/autoload-ignored'],
    needs: needs(bitmaps, { members: ['block-dirty-bitmap-add.autoload'] }),
    async run(t: CaseContext) {
      const node = await addNode(t);
      for (const autoload of [true, false]) await addBitmap(t, node, `b-${autoload}`, { autoload });
      t.equal(
        await digestOf(t, node, 'b-true'),
        await digestOf(t, node, 'b-false'),
        'bitmaps with autoload true and false must have equal digests',
      );
    },
  },
  {
    id: 'dirty-bitmaps/on-a-read-only-node',
    title: 'A read-only node can have a bitmap',
    requirements: ['block-dirty-bitmap-add/creates'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const node = await addNode(t, { 'read-only': true });
      await addBitmap(t, node, 'b');
      await digestOf(t, node, 'b');
    },
  },
];
