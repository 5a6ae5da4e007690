/** replication: its modes, and that nothing is read or written before it has been started. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, openIo } from '../helpers/node-io.ts';
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
    title: 'Reads and writes fail on either side while replication has not been started, and change nothing',
    requirements: ['replication/not-started'],
    needs: needs(replicas, nodeBytes),
    async run(t: CaseContext) {
      for (const mode of ['primary', 'secondary']) {
        const node = t.name('side');
        const file = await filledFile(t, SIZE, 5);
        await t.execute('blockdev-add', {
          driver: 'replication',
          'node-name': node,
          file: file.options,
          mode,
          ...(mode === 'secondary' && { 'top-id': node }),
        });
        const guest = await openIo(t, node, { writable: false });
        await checkReadFails(t, guest, [0, 4096], `of the ${mode} side before replication is started`);
        await guest.close();
        for (const request of [
          { kind: 'write', offset: SIZE - 4096, length: 4096, byte: 6 },
          { kind: 'write-zeroes', offset: 0, length: 4096 },
        ] as const)
          t.check(
            (await attempt(t, node, request)) !== 'done',
            `a ${request.kind} of the ${mode} side before replication is started must fail`,
            'it succeeds',
          );
        await release(t, [node]);
        t.check(
          (await bytesOf(t, file.local)).equals(Buffer.alloc(SIZE, 5)),
          `the file of the ${mode} side must hold what it held`,
          'it holds something else',
        );
      }
    },
  },
];
