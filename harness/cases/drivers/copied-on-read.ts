/** What copies on read, as newer endpoints have it as a driver; blkdebug tells of its writes. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  CLUSTER,
  chainNodes,
  guestContent,
  makeChain,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { needs } from '../helpers/shared-setup.ts';
import { offersDriver } from '../node-kinds.ts';
import { reads } from './driver-guest.ts';

const DRIVER = 'copy-on-read';
/** Clusters that only the base has, and that the overlay has too. */
const BELOW = 8;
const OWN = 0;

export const copiedOnRead: readonly CaseDefinition[] = [
  {
    id: 'blkdebug/event-cor-write',
    title:
      'cor_write comes with the write of what was read from the backing file, and not with other requests',
    requirements: ['blkdebug/event-cor-write', 'blkdebug/event'],
    needs: needs(chainNodes, { ...nodeBytes, drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      if (!offersDriver(t.endpointSchema, DRIVER)) t.skip('the endpoint has no driver that copies on read');
      for (const rules of [{}, { 'inject-error': [{ event: 'cor_write' }] }]) {
        const [, file] = await makeChain(t, 2);
        const before = await guestContent(t, file!.local);
        const node = t.name('copying');
        const image = { driver: 'qcow2', file: { driver: 'file', filename: file!.path } };
        await t.execute('blockdev-add', {
          driver: DRIVER,
          'node-name': node,
          file: { driver: 'blkdebug', image, ...rules },
        });
        const guest = await openIo(t, node);
        const struck = 'inject-error' in rules;
        const own = await reads(guest, [OWN * CLUSTER, CLUSTER]);
        t.check(own, 'a read of what the image holds must succeed', 'it fails');
        const copying = await reads(guest, [BELOW * CLUSTER, CLUSTER]);
        t.check(
          copying !== struck,
          struck
            ? 'a read that copies must fail by a rule for cor_write'
            : 'a read that copies must succeed without a rule',
          copying ? 'it succeeds' : 'it fails',
        );
        await guest.close();
        await release(t, [node]);
        const copied = (await readImage(t, file!)).cluster(BELOW) !== null;
        t.check(
          copied !== struck,
          struck ? 'a copy that fails must not be in the image' : 'the image must hold what was copied',
          copied ? 'it is' : 'it does not',
        );
        t.check(
          (await guestContent(t, file!.local)).equals(before),
          'a copy must not change what a guest reads',
          'it does',
        );
      }
    },
  },
];
