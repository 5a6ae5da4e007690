/**
 * What reads and writes do, where the human monitor's qemu-io can make some. Its reply tells nothing of success:
 * cases look at the file afterwards, or at counters and bitmaps.
 */
import type { CaseContext, CaseDefinition } from './case.ts';
import { hmpIo as io, qemuIo } from './helpers/human-monitor-io.ts';
import { bytesOf } from './helpers/image-files.ts';
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
      await qemuIo(t, name, 'write -P 0x5a 0 64k');
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
      await qemuIo(t, name, 'write -P 1 64k 512');
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
      await qemuIo(t, name, 'write -P 1 0 4k');
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
    needs: needs(dataNodes, needs(io, { commands: ['query-blockstats'] })),
    async run(t: CaseContext) {
      const name = await addNode(t);
      for (const [write, highest] of [
        ['write 0 4k', 4 * KiB],
        ['write 64k 4k', 68 * KiB],
        ['write 8k 4k', 68 * KiB],
      ] as const) {
        await qemuIo(t, name, write);
        const list = await queryList(t, 'query-blockstats', { 'query-nodes': true });
        const entry = list.find((stats) => stats['node-name'] === name);
        t.check(entry !== undefined, 'query-blockstats must list the node', 'it does not');
        t.contains(
          entry,
          { stats: { wr_highest_offset: highest } },
          `wr_highest_offset must be the end of the furthest write, after ${write}`,
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
      await qemuIo(t, node, 'write 4095 2');
      const dirty = await digest();
      t.check(
        JSON.stringify(dirty) !== JSON.stringify(empty),
        'a write must change the digest of the bitmap',
        'it is the same',
      );
      const { 'dirty-bitmaps': shown } = await nodeInfo(t, node);
      if (shown !== undefined)
        t.contains(shown, [{ count: 8192 }], 'the two granules that a write touches must be dirty');
      await t.execute('block-dirty-bitmap-clear', bitmap);
      t.equal(await digest(), empty, 'clearing must bring back the digest of the empty bitmap');
      await qemuIo(t, node, 'write 0 8k');
      t.equal(await digest(), dirty, 'a write to the same granules must bring back their digest');
    },
  },
];
