/** block_resize: of nodes and of the files below them. */
import type { CaseContext, CaseDefinition } from './case.ts';
import { addQcow2 } from './helpers/backing-chains.ts';
import { addFailing } from './helpers/failing-files.ts';
import { bytesOf, sizesOf } from './helpers/image-files.ts';
import { nodeBytes, openIo, readNode, writeNode } from './helpers/node-io.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import {
  addNode,
  addRaw,
  dataNodes,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeCommands,
  nodeInfo,
  queryList,
  refusedAsNotFound,
  refusedWith,
  virtualSize,
} from './helpers/shared-setup.ts';

const onFiles = needs(fileNodes, { commands: ['block_resize'] });
const onData = needs(dataNodes, { commands: ['block_resize'] });

export const blockResize: readonly CaseDefinition[] = [
  {
    id: 'block_resize/grow',
    title: 'A raw image grows, on the node and on disk, and what it gains is zeroes',
    requirements: ['block_resize/by-node-name', 'block_resize/size-in-bytes', 'block_resize/data-kept'],
    needs: onFiles,
    async run(t: CaseContext) {
      const content = new Uint8Array(64 * KiB).fill(0x5a);
      const { name, file } = await addRaw(t, content);
      t.equal(
        await t.execute('block_resize', { 'node-name': name, size: 128 * KiB }),
        {},
        'block_resize must return an empty object',
      );
      t.equal(await virtualSize(t, name), 128 * KiB, 'the node must have the size that it was given');
      await t.execute('blockdev-del', { 'node-name': name });
      const after = await bytesOf(t, file.local);
      t.equal(after.length, 128 * KiB, 'the file must be as long as the node');
      t.check(
        after.subarray(0, 64 * KiB).equals(content),
        'the bytes below the old size must stay as they were',
        'they changed',
      );
      t.check(
        after.subarray(64 * KiB).every((byte) => byte === 0),
        'the bytes beyond the old size must be zero',
        'they are not',
      );
    },
  },
  {
    id: 'block_resize/shrink',
    title: 'A raw image shrinks, on the node and on disk, and keeps the bytes below',
    requirements: ['block_resize/by-node-name', 'block_resize/size-in-bytes', 'block_resize/data-kept'],
    needs: onFiles,
    async run(t: CaseContext) {
      const content = Uint8Array.from({ length: 64 * KiB }, (_, i) => (i * 31) % 256);
      const { name, file } = await addRaw(t, content);
      await t.execute('block_resize', { 'node-name': name, size: 4 * KiB });
      t.equal(await virtualSize(t, name), 4 * KiB, 'the node must have the size that it was given');
      await t.execute('blockdev-del', { 'node-name': name });
      t.check(
        (await bytesOf(t, file.local)).equals(content.subarray(0, 4 * KiB)),
        'the file must hold the beginning of the old one',
        'it holds something else',
      );
    },
  },
  {
    id: 'block_resize/grow-over-backing',
    title:
      'What an image gains reads as zeroes also where its backing file has other data, and what it had stays',
    requirements: ['block_resize/data-kept'],
    needs: needs(onFiles, nodeBytes, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const below = await makeFile(t, new Uint8Array(MiB).fill(0x5a));
      const backing = { name: below.path, format: 'raw' };
      for (const size of [128 * KiB, MiB]) {
        const file = await makeFile(t, buildQcow2({ size: 64 * KiB, clusterSize: 16 * KiB, backing }));
        const node = await addQcow2(t, file);
        await t.execute('block_resize', { 'node-name': node, size });
        const expected = Buffer.alloc(size).fill(0x5a, 0, 64 * KiB);
        t.check(
          (await readNode(t, node, 0, size)).equals(expected),
          'a guest must read zeroes from the old size on, and what it read before below',
          'it reads something else',
        );
      }
    },
  },
  {
    id: 'block_resize/to-zero-and-back',
    title: 'A raw image may shrink to nothing and grow again, then all of it is zeroes',
    requirements: ['block_resize/size-in-bytes', 'block_resize/data-kept'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, 64 * KiB);
      for (const size of [0, 32 * KiB]) {
        await t.execute('block_resize', { 'node-name': name, size });
        t.equal(await virtualSize(t, name), size, 'the node must have the size that it was given');
        t.equal((await sizesOf(t, file.local)).size, size, 'the file must be as long as the node');
      }
      t.check(
        (await bytesOf(t, file.local)).every((byte) => byte === 0),
        'all bytes that a node of size 0 gained must be zero',
        'they are not',
      );
    },
  },
  {
    id: 'block_resize/same-size',
    title: 'Resizing to the present size succeeds and changes nothing',
    requirements: ['block_resize/by-node-name', 'block_resize/data-kept'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, MiB);
      await t.execute('block_resize', { 'node-name': name, size: MiB });
      t.equal(await virtualSize(t, name), MiB, 'the node must keep its size');
      t.equal((await sizesOf(t, file.local)).size, MiB, 'the file must keep its size');
    },
  },
  {
    id: 'block_resize/sparse',
    title: 'A raw image grows to a terabyte without taking the space',
    requirements: ['block_resize/size-in-bytes'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, MiB);
      await t.execute('block_resize', { 'node-name': name, size: 2 ** 40 });
      t.equal(await virtualSize(t, name), 2 ** 40, 'the node must have the size that it was given');
      const { size, space } = await sizesOf(t, file.local);
      t.equal(size, 2 ** 40, 'the file must be as long as the node');
      t.check(
        space < 16 * MiB,
        'a file that grew must take less than 16 MiB of space',
        `it takes ${space} bytes`,
      );
      await t.execute('block_resize', { 'node-name': name, size: MiB });
    },
  },
  {
    id: 'block_resize/threshold-stays',
    title: 'A node that is resized keeps its write threshold, and the end of its farthest write',
    requirements: ['block-set-write-threshold/sets', 'query-blockstats/highest-offset'],
    needs: needs(onFiles, nodeBytes, {
      commands: ['block-set-write-threshold', 'query-blockstats'],
      events: ['BLOCK_WRITE_THRESHOLD'],
    }),
    async run(t: CaseContext) {
      const { name } = await addRaw(t, 64 * KiB);
      await writeNode(t, name, 8 * KiB, 4 * KiB, 1);
      const threshold = 16 * KiB;
      await t.execute('block-set-write-threshold', { 'node-name': name, 'write-threshold': threshold });
      for (const size of [128 * KiB, 32 * KiB]) {
        await t.execute('block_resize', { 'node-name': name, size });
        t.contains(
          await nodeInfo(t, name),
          { write_threshold: threshold },
          'a resize must leave the threshold',
        );
        const nodes = await queryList(t, 'query-blockstats', { 'query-nodes': true });
        t.contains(
          nodes.find((node) => node['node-name'] === name) ?? null,
          { stats: { wr_highest_offset: 12 * KiB } },
          'a resize must leave the end of the farthest write',
        );
      }
      await writeNode(t, name, threshold, 4 * KiB, 1);
      await t.event('BLOCK_WRITE_THRESHOLD', { 'node-name': name, 'amount-exceeded': 4 * KiB });
    },
  },
  ...(['raw', 'qcow2'] as const).map(
    (driver): CaseDefinition => ({
      id: driver === 'raw' ? 'block_resize/unaligned' : `block_resize/unaligned-${driver}`,
      title: `A size of part sectors is either refused or shown rounded up to whole ones (${driver})`,
      requirements: ['block_resize/size-in-bytes'],
      needs: needs(onFiles, { drivers: [driver] }),
      async run(t: CaseContext) {
        const name =
          driver === 'raw'
            ? (await addRaw(t, MiB)).name
            : await addQcow2(t, await makeFile(t, buildQcow2({ size: MiB, clusterSize: 64 * KiB })));
        for (const [size, whole] of [
          [MiB + 1, MiB + 512],
          [1000, 1024],
        ] as const) {
          const before = await virtualSize(t, name);
          const { error } = await t.request({
            execute: 'block_resize',
            arguments: { 'node-name': name, size },
          });
          t.equal(
            await virtualSize(t, name),
            error ? before : whole,
            'the size must be the old one after a refusal, else the one that was asked for in whole sectors',
          );
        }
      },
    }),
  ),
  {
    id: 'block_resize/file-node',
    title: 'A file node can be resized by itself',
    requirements: ['block_resize/by-node-name', 'block_resize/size-in-bytes'],
    needs: onFiles,
    async run(t: CaseContext) {
      const file = await makeFile(t, 4 * KiB);
      const name = t.name('file');
      await t.execute('blockdev-add', { driver: 'file', 'node-name': name, filename: file.path });
      await t.execute('block_resize', { 'node-name': name, size: 8 * KiB });
      t.equal(await virtualSize(t, name), 8 * KiB, 'the node must have the size that it was given');
      t.equal((await sizesOf(t, file.local)).size, 8 * KiB, 'the file must be as long as the node');
    },
  },
  {
    id: 'block_resize/negative',
    title: 'A negative size is refused and changes nothing',
    requirements: ['block_resize/size-negative'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, MiB);
      for (const size of [-1, -512, -9223372036854775808n])
        await t.refused('block_resize', { 'node-name': name, size }, { text: /'size'/ });
      t.equal(await virtualSize(t, name), MiB, 'the node must keep its size after a refusal');
      t.equal((await sizesOf(t, file.local)).size, MiB, 'the file must keep its size after a refusal');
    },
  },
  {
    id: 'block_resize/too-large',
    title: 'A size that no file can have is refused and changes nothing',
    requirements: ['block_resize/size-in-bytes', 'schema/refused-before-effects'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, MiB);
      for (const size of [2n ** 62n, 9223372036854775807n])
        await refusedWith(t, 'block_resize', { 'node-name': name, size }, ['GenericError']);
      t.equal(await virtualSize(t, name), MiB, 'the node must keep its size after a refusal');
      t.equal((await sizesOf(t, file.local)).size, MiB, 'the file must keep its size after a refusal');
    },
  },
  {
    id: 'block_resize/null-is-fixed',
    title: 'A null-co node cannot be resized, not even to its own size',
    requirements: ['block_resize/fixed-size-refused'],
    needs: needs(nodeCommands, { commands: ['block_resize'], drivers: ['null-co'] }),
    async run(t: CaseContext) {
      const name = t.name('null');
      await t.execute('blockdev-add', { driver: 'null-co', 'node-name': name, size: MiB });
      for (const size of [2 * MiB, 512, MiB])
        await t.refused('block_resize', { 'node-name': name, size }, { text: /does not support resize/ });
      t.equal(await virtualSize(t, name), MiB, 'the node must keep its size after a refusal');
    },
  },
  {
    id: 'block_resize/raw-with-size-is-fixed',
    title: 'A raw node with a size of its own cannot be resized',
    requirements: ['raw/size-fixed', 'block_resize/fixed-size-refused'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, MiB, { size: 64 * KiB });
      for (const size of [32 * KiB, 64 * KiB, 128 * KiB])
        await t.refused('block_resize', { 'node-name': name, size }, { text: /fixed-size/ });
      t.equal(await virtualSize(t, name), 64 * KiB, 'the node must keep its size after a refusal');
      t.equal((await sizesOf(t, file.local)).size, MiB, 'the file must keep its size after a refusal');
    },
  },
  {
    id: 'block_resize/raw-with-offset',
    title: 'Resizing a raw node with an offset resizes the file to offset plus size',
    requirements: ['block_resize/size-in-bytes', 'raw/offset'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, MiB, { offset: 64 * KiB });
      await t.execute('block_resize', { 'node-name': name, size: 128 * KiB });
      t.equal(await virtualSize(t, name), 128 * KiB, 'the node must have the size that it was given');
      t.equal(
        (await sizesOf(t, file.local)).size,
        192 * KiB,
        'the file must be as long as offset and size together',
      );
    },
  },
  {
    id: 'block_resize/node-unknown',
    title: 'A node that does not exist is refused; an empty name names nothing',
    requirements: ['block_resize/node-unknown'],
    needs: onFiles,
    async run(t: CaseContext) {
      const name = t.name('nothing');
      await t.refused('block_resize', { 'node-name': name, size: MiB }, { text: new RegExp(name) });
      await t.refused('block_resize', { 'node-name': '', size: MiB });
      const { name: known } = await addRaw(t, MiB);
      await t.execute('block_resize', { 'node-name': known, size: 2 * MiB });
      t.equal(await virtualSize(t, known), 2 * MiB, 'a node that is named must have the new size');
    },
  },
  {
    id: 'block_resize/device-unknown',
    title: 'A device that does not exist is refused, a name that only a node has included',
    requirements: ['block_resize/device-unknown', 'block_resize/device-unknown-refused'],
    needs: onData,
    async run(t: CaseContext) {
      for (const device of [t.name('nothing'), await addNode(t)])
        await refusedAsNotFound(t, 'block_resize/device-unknown', 'block_resize', { device, size: MiB });
    },
  },
  {
    id: 'block_resize/no-name',
    title: 'A call without device and node-name is refused',
    requirements: ['block_resize/no-name'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name } = await addRaw(t, MiB);
      await t.refused('block_resize', { size: 2 * MiB }, { text: /Cannot find device/ });
      t.equal(await virtualSize(t, name), MiB, 'the only node must keep its size after a refusal');
      await t.execute('block_resize', { 'node-name': name, size: 2 * MiB });
      t.equal(await virtualSize(t, name), 2 * MiB, 'a node that is named must have the new size');
    },
  },
  {
    id: 'block_resize/flush-afterwards',
    title: 'What was written before a node is resized is still flushed: where storage cannot, that is told',
    requirements: ['BlockdevCacheOptions/flush-is-carried-out'],
    needs: needs(onFiles, nodeBytes, { drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      for (const [event, expected] of [
        ['l2_load', 'done'],
        ['flush_to_disk', 'EIO'],
      ] as const) {
        const node = await addFailing(t, await makeFile(t, 64 * KiB), { event, errno: 5 });
        await writeNode(t, node, 0, 512, 0x77);
        await t.execute('block_resize', { 'node-name': node, size: 128 * KiB });
        const io = await openIo(t, node);
        t.equal(await io.attempt({ kind: 'flush' }), expected, 'a flush must reach the storage');
        await io.close();
      }
    },
  },
  {
    id: 'block_resize/both-names',
    title: 'A call with device and node-name both is refused',
    requirements: ['block_resize/both-names', 'block_resize/by-node-name'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name } = await addRaw(t, MiB);
      const { error } = await t.request({
        execute: 'block_resize',
        arguments: { device: t.name('device'), 'node-name': name, size: 2 * MiB },
      });
      if (error === undefined) t.info('block_resize/both-names: node-name prevails over device');
      t.equal(
        await virtualSize(t, name),
        error === undefined ? 2 * MiB : MiB,
        'the node must have the new size if the command was accepted, else the old one',
      );
    },
  },
  {
    id: 'block_resize/below-a-parent',
    title: 'A node that another refers to can be resized',
    requirements: ['block_resize/by-node-name'],
    needs: onFiles,
    async run(t: CaseContext) {
      const { name } = await addRaw(t, MiB);
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': t.name('raw'),
        file: name,
        'read-only': true,
      });
      await t.execute('block_resize', { 'node-name': name, size: 2 * MiB });
      t.equal(await virtualSize(t, name), 2 * MiB, 'the node must have the size that it was given');
    },
  },
];
