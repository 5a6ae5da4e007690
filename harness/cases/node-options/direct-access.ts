/** Files that are opened past the page cache of the host: cache.direct, and the asynchronous I/O that needs it. */
import { constants } from 'node:fs';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf, needsDirectAccess, openFlagsOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { fileNodes, KiB, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

const SIZE = 64 * KiB;
const direct = needs(fileNodes, { members: ['blockdev-add.aio'] });

/** The cases of direct access. */
export const directAccess: readonly CaseDefinition[] = [
  {
    id: 'node-options/cache-direct-opens',
    title: 'cache.direct opens the file with O_DIRECT, and without it the file is opened otherwise',
    requirements: ['BlockdevCacheOptions/direct'],
    needs: direct,
    async run(t: CaseContext) {
      const file = await makeFile(t, SIZE);
      await needsDirectAccess(t, file.local);
      for (const [options, expected] of [
        [{ cache: { direct: true } }, true],
        [{ cache: { direct: false } }, false],
        [{}, false],
      ] as const) {
        const node = t.name('file');
        const filename = file.path;
        await t.execute('blockdev-add', { driver: 'file', 'node-name': node, filename, ...options });
        t.equal(
          (await openFlagsOf(t, file.local)).some((flags) => (flags & constants.O_DIRECT) !== 0),
          expected,
          'the file must be open with O_DIRECT exactly where that was asked for',
        );
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
  {
    id: 'file/aio-native',
    title:
      'With aio native and cache.direct a file is read and written, in whole pages and in single sectors',
    requirements: ['file/aio', 'blockdev-add/cache'],
    needs: { ...direct, ...nodeBytes },
    async run(t: CaseContext) {
      const expected = Buffer.alloc(SIZE, 0x11);
      const file = await makeFile(t, expected);
      await needsDirectAccess(t, file.local);
      for (const [aio, byte] of [
        ['native', 0x22],
        ['threads', 0x33],
      ] as const) {
        const node = t.name('file');
        const cache = { direct: true };
        await t.execute('blockdev-add', {
          driver: 'file',
          'node-name': node,
          filename: file.path,
          aio,
          cache,
        });
        t.contains(await nodeInfo(t, node), { cache }, 'the node must tell its cache mode');
        const io = await openIo(t, node);
        for (const [offset, length] of [
          [0, 8 * KiB],
          [16 * KiB + 512, 512],
          [SIZE - 1024, 1024],
        ] as const) {
          await io.perform({ kind: 'write', offset, length, byte });
          expected.fill(byte, offset, offset + length);
        }
        t.check((await io.read(0, SIZE)).equals(expected), 'what was written must be read', 'it is not');
        await io.close();
        await t.execute('blockdev-del', { 'node-name': node });
        t.check(
          (await bytesOf(t, file.local)).equals(expected),
          'the file must hold what was written, and nothing else',
          'it holds something else',
        );
      }
    },
  },
];
