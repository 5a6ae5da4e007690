/** The order in which each monitor hears of an error that stops the machine. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { needs } from '../helpers/shared-setup.ts';
import { DISKS, FAILS, failingDisks, guestOf, onFailingDisks, start } from './failing-disks.ts';

/** Requests that stop the machine: the disk, and what its guest asks for. */
const STOPPING = [
  { disk: DISKS.stop, operation: 'read', sector: FAILS.readOnce },
  { disk: DISKS.stop, operation: 'write', sector: FAILS.writeOnce },
  { disk: DISKS.enospc, operation: 'write', sector: FAILS.noSpaceOnce },
] as const;

export const orderOfStops: readonly CaseDefinition[] = [
  {
    id: 'BLOCK_IO_ERROR/before-stop',
    title: 'A monitor hears of an error of the guest before it hears that the machine stopped for it',
    requirements: ['BLOCK_IO_ERROR/stop-follows'],
    needs: needs(onFailingDisks, { capabilities: ['monitors'] }),
    topology: { ...failingDisks, name: 'watched-disks', monitors: 2 },
    fresh: true,
    async run(t: CaseContext) {
      const watching = await t.monitor(1);
      for (const { disk, operation, sector } of STOPPING) {
        await start(t);
        await guestOf(t, disk).begin(operation, sector, 1);
        await t.event('STOP');
        await watching.execute('query-status');
        const heard = watching.pending().map(({ event }) => event);
        await watching.event('BLOCK_IO_ERROR');
        await watching.event('STOP');
        t.equal(
          heard.filter((event) => event !== 'RESUME'),
          ['BLOCK_IO_ERROR', 'STOP'],
          'STOP must follow BLOCK_IO_ERROR',
        );
        await start(t);
        await guestOf(t, disk).finish(operation === 'read' ? 512 : 0);
      }
    },
  },
];
