/** What reads and writes do: cases look at the file afterwards, or at counters and bitmaps. */
import type { CaseContext, CaseDefinition } from './case.ts';
import { bytesOf } from './helpers/image-files.ts';
import { attempt, nodeIo as io, nodeBytes, openIo, perform, writeNode } from './helpers/node-io.ts';
import {
  addNode,
  addRaw,
  dataNodes,
  fileNodes,
  KiB,
  MiB,
  needs,
  nodeInfo,
  queryList,
} from './helpers/shared-setup.ts';

export const guestIo: readonly CaseDefinition[] = [
  {
    id: 'guest-io/raw-window-offset',
    title: 'Byte 0 of a raw node is the byte at its offset in the file',
    requirements: ['raw/offset', 'raw/size'],
    needs: needs(fileNodes, io),
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, 256 * KiB, { offset: 64 * KiB, size: 64 * KiB });
      await writeNode(t, name, 0, 64 * KiB, 0x5a);
      await t.execute('blockdev-del', { 'node-name': name });
      const after = await bytesOf(t, file.local);
      const inside = after.subarray(64 * KiB, 128 * KiB);
      t.check(
        inside.every((byte) => byte === 0x5a),
        'the window must hold what was written',
        'it holds something else',
      );
      t.check(
        [after.subarray(0, 64 * KiB), after.subarray(128 * KiB)].every((part) =>
          part.every((byte) => byte === 0),
        ),
        'a write through the window must change nothing outside of it',
        'bytes of the file outside changed',
      );
    },
  },
  {
    id: 'guest-io/raw-window-end',
    title: 'A write beyond the end of a raw window does not reach the file',
    requirements: ['raw/size'],
    needs: needs(fileNodes, io),
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, 256 * KiB, { offset: 64 * KiB, size: 64 * KiB });
      const outcome = await attempt(t, name, { kind: 'write', offset: 64 * KiB, length: 512, byte: 1 });
      t.check(outcome !== 'done', 'a write beyond the end of a node must fail', 'it succeeds');
      await t.execute('blockdev-del', { 'node-name': name });
      t.check(
        (await bytesOf(t, file.local)).every((byte) => byte === 0),
        'a write beyond the window must not reach the file',
        'the file changed',
      );
    },
  },
  {
    id: 'guest-io/read-only',
    title: 'A read-only node is not written',
    requirements: ['blockdev-add/read-only'],
    needs: needs(fileNodes, io),
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, 64 * KiB, { 'read-only': true });
      const outcome = await attempt(t, name, { kind: 'write', offset: 0, length: 4 * KiB, byte: 1 });
      t.check(outcome !== 'done', 'a write to a read-only node must fail', 'it succeeds');
      await t.execute('blockdev-del', { 'node-name': name });
      t.check(
        (await bytesOf(t, file.local)).every((byte) => byte === 0),
        'a write to a read-only node must not reach its file',
        'the file changed',
      );
    },
  },
  {
    id: 'guest-io/highest-offset',
    title: 'wr_highest_offset is the end of the furthest write',
    requirements: ['query-blockstats/highest-offset'],
    needs: needs(dataNodes, io, { commands: ['query-blockstats'] }),
    async run(t: CaseContext) {
      const name = await addNode(t);
      for (const [write, highest] of [
        [0, 4 * KiB],
        [64 * KiB, 68 * KiB],
        [8 * KiB, 68 * KiB],
      ] as const) {
        await writeNode(t, name, write, 4 * KiB, 1);
        const list = await queryList(t, 'query-blockstats', { 'query-nodes': true });
        const entry = list.find((stats) => stats['node-name'] === name);
        t.check(entry !== undefined, 'query-blockstats must list the node', 'it does not');
        t.contains(
          entry,
          { stats: { wr_highest_offset: highest } },
          `wr_highest_offset must be the end of the furthest write, after a write at ${write}`,
        );
      }
    },
  },
  {
    id: 'guest-io/highest-offset-of-writes',
    title: 'wr_highest_offset counts zeroes that are written; reads and discards do not move it',
    requirements: ['query-blockstats/highest-offset'],
    needs: needs(fileNodes, nodeBytes, { commands: ['query-blockstats'] }),
    async run(t: CaseContext) {
      const { name } = await addRaw(t, MiB, { discard: 'unmap' });
      for (const [kind, at, highest] of [
        ['write-zeroes', 16 * KiB, 20 * KiB],
        ['read', 32 * KiB, 20 * KiB],
        ['discard', 64 * KiB, 20 * KiB],
        ['write-zeroes', 8 * KiB, 20 * KiB],
        ['write', 20 * KiB, 24 * KiB],
      ] as const) {
        await perform(t, name, { kind, offset: at, length: 4 * KiB, byte: 1 });
        const list = await queryList(t, 'query-blockstats', { 'query-nodes': true });
        t.contains(
          list.find((stats) => stats['node-name'] === name) ?? null,
          { stats: { wr_highest_offset: highest } },
          `wr_highest_offset must be the end of the furthest write, after a ${kind} at ${at}`,
        );
      }
    },
  },
  {
    id: 'guest-io/bitmap-tracks-writes',
    title: 'A write makes every granule that it touches dirty; clear makes them clean, and recording goes on',
    requirements: [
      'block-dirty-bitmap-add/tracks-writes',
      'block-dirty-bitmap-clear/clears',
      'block-dirty-bitmap-clear/again-tracks',
      'x-debug-block-dirty-bitmap-sha256/equal-content',
    ],
    needs: needs(
      dataNodes,
      needs(io, {
        commands: ['block-dirty-bitmap-add', 'block-dirty-bitmap-clear', 'x-debug-block-dirty-bitmap-sha256'],
      }),
    ),
    async run(t: CaseContext) {
      const node = await addNode(t, { size: MiB });
      const bitmap = { node, name: 'b' };
      const digest = () => t.execute('x-debug-block-dirty-bitmap-sha256', bitmap);
      await t.execute('block-dirty-bitmap-add', { ...bitmap, granularity: 4096 });
      const empty = await digest();
      await writeNode(t, node, 4095, 2, 1);
      const dirty = await digest();
      t.check(
        JSON.stringify(dirty) !== JSON.stringify(empty),
        'a write must change the digest of the bitmap',
        'it is the same',
      );
      const { 'dirty-bitmaps': shown } = await nodeInfo(t, node);
      if (shown !== undefined)
        t.contains(shown, [{ count: 8192 }], 'the two granules that a write touches must be dirty');
      for (let times = 0; times < 2; times += 1) {
        await t.execute('block-dirty-bitmap-clear', bitmap);
        t.equal(await digest(), empty, 'clearing must bring back the digest of the empty bitmap');
        await writeNode(t, node, 0, 8 * KiB, 1);
        t.equal(await digest(), dirty, 'a write to the same granules must bring back their digest');
      }
    },
  },
  {
    id: 'guest-io/two-exports',
    title: 'Two clients of one node see what each other wrote and zeroed; one stays when the other has gone',
    requirements: ['nbd-server-start/serves', 'nbd-server-add/writable', 'nbd-server-remove/removes'],
    needs: needs(fileNodes, nodeBytes),
    async run(t: CaseContext) {
      const { name } = await addRaw(t, 64 * KiB, { discard: 'unmap' });
      const [first, second] = [await openIo(t, name), await openIo(t, name)];
      await first.perform({ kind: 'write', offset: 0, length: 32 * KiB, byte: 0x5a });
      await second.perform({ kind: 'write-zeroes', offset: 8 * KiB, length: 8 * KiB });
      const { outcome } = await second.begin({ kind: 'discard', offset: 24 * KiB, length: 8 * KiB });
      t.equal(await outcome, 'done', 'a discard must succeed');
      await first.perform({ kind: 'flush' });
      await first.close();
      const expected = Buffer.alloc(24 * KiB, 0x5a).fill(0, 8 * KiB, 16 * KiB);
      t.check(
        (await second.read(0, 24 * KiB)).equals(expected),
        'a client must read what each wrote last',
        'it reads something else',
      );
      await second.close();
      await t.execute('blockdev-del', { 'node-name': name });
    },
  },
];
