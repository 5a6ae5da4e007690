/** Flushes that children of a quorum fail, and the image below a blkdebug node. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { addRaw, fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

/** The cases of failed flushes. */
export const quorumFlushes: readonly CaseDefinition[] = [
  {
    id: 'quorum/child-cannot-flush',
    title: 'A child that fails a flush is reported with type flush; with enough others the flush succeeds',
    requirements: ['QUORUM_REPORT_BAD/type', 'QUORUM_REPORT_BAD/error'],
    needs: needs(fileNodes, nodeBytes, {
      drivers: ['quorum', 'blkdebug'],
      events: ['QUORUM_REPORT_BAD'],
    }),
    async run(t: CaseContext) {
      const size = 64 * KiB;
      const failing = await addFailing(t, await makeFile(t, size), { event: 'flush_to_disk' });
      const children = [failing, (await addRaw(t, size)).name];
      const node = t.name('quorum');
      await t.execute('blockdev-add', { driver: 'quorum', 'node-name': node, 'vote-threshold': 1, children });
      const guest = await openIo(t, node);
      await guest.perform({ kind: 'write', offset: 0, length: 4 * KiB, byte: 0x77 });
      t.equal(
        await guest.attempt({ kind: 'flush' }),
        'done',
        'a flush that one of two children does must succeed',
      );
      await t.event('QUORUM_REPORT_BAD', { 'node-name': failing, type: 'flush' });
      await guest.close();
    },
  },
  {
    id: 'blkdebug/passes-flushes',
    title: 'A flush of a blkdebug node fails where the image below cannot flush, and else succeeds',
    requirements: ['blkdebug/image'],
    needs: needs(fileNodes, nodeBytes, { drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      const below = await addFailing(t, await makeFile(t, 64 * KiB), { event: 'flush_to_disk', once: true });
      const node = t.name('debug');
      await t.execute('blockdev-add', { driver: 'blkdebug', 'node-name': node, image: below });
      const guest = await openIo(t, node);
      await guest.perform({ kind: 'write', offset: 0, length: 4 * KiB, byte: 0x77 });
      const [failed, done] = [await guest.attempt({ kind: 'flush' }), await guest.attempt({ kind: 'flush' })];
      t.check(failed !== 'done', 'a flush that the image below fails must fail', 'it succeeds');
      t.equal(done, 'done', 'a flush that the image below does must succeed');
      await guest.close();
    },
  },
];
