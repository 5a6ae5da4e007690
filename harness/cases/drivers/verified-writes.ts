/** Writes through blkverify: zeroes reach both children as data do, and an error of one alone ends the endpoint. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { fileNodes, KiB, needs } from '../helpers/shared-setup.ts';
import { writes } from './driver-guest.ts';
import { addVerify, BYTE, failingAt, SIZE } from './verified-devices.ts';

const written = needs(fileNodes, nodeBytes, { drivers: ['blkverify'] });

export const verifiedWrites: readonly CaseDefinition[] = [
  {
    id: 'blkverify/zeroes-reach-both',
    title:
      'Zeroes that are written to a blkverify node are in both of its children, and nothing else changes',
    requirements: ['blkverify/writes-both'],
    needs: written,
    async run(t: CaseContext) {
      const { node, ...files } = await addVerify(t);
      const guest = await openIo(t, node);
      for (const range of [
        { offset: 8 * KiB, length: 4 * KiB },
        { offset: 32 * KiB, length: 1 * KiB, unmap: true },
      ]) {
        const outcome = await guest.attempt({ kind: 'write-zeroes', ...range }).catch(() => 'gone');
        await t.execute('query-version');
        t.equal(outcome, 'done', 'a write of zeroes must succeed');
      }
      await guest.close();
      const expected = Buffer.alloc(SIZE, BYTE)
        .fill(0, 8 * KiB, 12 * KiB)
        .fill(0, 32 * KiB, 33 * KiB);
      for (const [name, { local }] of Object.entries(files))
        t.check(
          (await bytesOf(t, local)).equals(expected),
          `${name} must hold the zeroes, and what was there around them`,
          'it holds something else',
        );
    },
  },
  {
    id: 'blkverify/write-errors-differ',
    title:
      'A write that one child fails and the other does not ends the endpoint; one that both fail does not',
    requirements: ['blkverify/compares'],
    needs: needs(written, { drivers: ['blkdebug'] }),
    fresh: true,
    async run(t: CaseContext) {
      for (const fails of ['both', 'test'] as const) {
        const test = failingAt('write_aio');
        const { node } = await addVerify(t, fails === 'both' ? { test, raw: test } : { test });
        const guest = await openIo(t, node);
        t.check(
          await writes(guest, [0, 512], 7),
          'a write that both children can do must succeed',
          'it fails',
        );
        const done = await writes(guest, [8 * KiB, 512], 7).catch(() => false);
        t.check(!done, 'a write that a child fails must fail', 'it succeeds');
        if (fails === 'test') return void (await t.ended());
        await t.execute('query-version');
        await guest.close();
      }
    },
  },
];
