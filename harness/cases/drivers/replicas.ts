/** replication: its modes, and that nothing is read or written before it has been started. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { checkAbsent, fileNodes, KiB, needs, nodeNames, virtualSize } from '../helpers/shared-setup.ts';
import { checkReadFails, filledFile } from './driver-guest.ts';

const SIZE = 64 * KiB;
const replicas = needs(fileNodes, { drivers: ['replication'] });

async function sideOf(t: CaseContext, node: string, options: JsonObject): Promise<JsonObject> {
  return {
    driver: 'replication',
    'node-name': node,
    file: (await filledFile(t, SIZE, 5)).options,
    ...options,
  };
}

export const replicationCases: readonly CaseDefinition[] = [
  {
    id: 'replication/primary',
    title: 'The primary side takes no top-id; without it the node is as long as its file',
    requirements: ['replication/top-id-primary', 'blockdev-add/failure-leaves-nothing'],
    needs: replicas,
    async run(t: CaseContext) {
      const node = t.name('side');
      const before = await nodeNames(t);
      await t.refused('blockdev-add', await sideOf(t, node, { mode: 'primary', 'top-id': node }));
      t.equal(await nodeNames(t), before, 'a refused replication node must leave nothing');
      await t.execute('blockdev-add', await sideOf(t, node, { mode: 'primary' }));
      t.equal(await virtualSize(t, node), SIZE, 'the node must be as long as its file');
    },
  },
  {
    id: 'replication/secondary',
    title: 'The secondary side needs a top-id',
    requirements: ['replication/top-id-secondary', 'blockdev-add/failure-leaves-nothing'],
    needs: replicas,
    async run(t: CaseContext) {
      const node = t.name('side');
      const before = await nodeNames(t);
      await t.refused('blockdev-add', await sideOf(t, node, { mode: 'secondary' }));
      await checkAbsent(t, node);
      t.equal(await nodeNames(t), before, 'a refused replication node must leave nothing');
      await t.execute('blockdev-add', await sideOf(t, node, { mode: 'secondary', 'top-id': node }));
    },
  },
  {
    id: 'replication/not-started',
    title: 'A read fails while replication has not been started',
    requirements: ['replication/not-started'],
    needs: needs(replicas, nodeBytes),
    async run(t: CaseContext) {
      const node = t.name('side');
      await t.execute('blockdev-add', await sideOf(t, node, { mode: 'primary' }));
      const guest = await openIo(t, node, { writable: false });
      await checkReadFails(t, guest, [0, 4096], 'before replication is started');
      await guest.close();
    },
  },
];
