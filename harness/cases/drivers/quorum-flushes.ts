/** Flushes that children of a quorum fail, and the image below a blkdebug node. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { addRaw, fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

const reported = needs(fileNodes, nodeBytes, {
  drivers: ['quorum', 'blkdebug'],
  events: ['QUORUM_REPORT_BAD'],
});

/**
 * Adds a quorum of two children, one of which fails each flush: the `index`th. Writes to it and flushes it, waits until
 * that child is reported, and gives what became of the flush.
 */
async function flushOfTwo(t: CaseContext, index: 0 | 1, options: JsonObject) {
  const size = 64 * KiB;
  const failing = await addFailing(t, await makeFile(t, size), { event: 'flush_to_disk' });
  const { name: sound } = await addRaw(t, size);
  const [node, children] = [t.name('quorum'), index === 0 ? [failing, sound] : [sound, failing]];
  await t.execute('blockdev-add', { driver: 'quorum', 'node-name': node, ...options, children });
  const guest = await openIo(t, node);
  await guest.perform({ kind: 'write', offset: 0, length: 4 * KiB, byte: 0x77 });
  const outcome = await guest.attempt({ kind: 'flush' });
  await t.event('QUORUM_REPORT_BAD', { 'node-name': failing, type: 'flush' });
  await guest.close();
  return outcome;
}

/** The cases of failed flushes. */
export const quorumFlushes: readonly CaseDefinition[] = [
  {
    id: 'quorum/child-cannot-flush',
    title: 'A child that fails a flush is reported with type flush; with enough others the flush succeeds',
    requirements: ['QUORUM_REPORT_BAD/type', 'QUORUM_REPORT_BAD/error'],
    needs: reported,
    async run(t: CaseContext) {
      t.equal(
        await flushOfTwo(t, 0, { 'vote-threshold': 1 }),
        'done',
        'a flush that one of two children does must succeed',
      );
    },
  },
  {
    id: 'quorum/fifo-flushes-all',
    title: 'A flush with read-pattern fifo is for all children: where too few can flush it fails',
    requirements: ['quorum/children', 'QUORUM_REPORT_BAD/type'],
    needs: reported,
    async run(t: CaseContext) {
      t.check(
        (await flushOfTwo(t, 1, { 'vote-threshold': 2, 'read-pattern': 'fifo' })) !== 'done',
        'a flush that the second of two children fails must fail',
        'it succeeds',
      );
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
