/** Requests with FUA: they end once what they changed is on stable storage, and fail where it cannot get there. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes } from '../helpers/backing-chains.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { startNbdServer } from '../helpers/node-io.ts';
import {
  NbdCommand as Command,
  NbdErrno as Errno,
  RequestFlag as Flag,
} from '../helpers/peers/nbd-numbers.ts';
import { NbdVisitor, type VisitRequest } from '../helpers/peers/nbd-visitor.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { makeFile, needs } from '../helpers/shared-setup.ts';
import { serverNeeds } from './exports.ts';

const range = { offset: CLUSTER, length: CLUSTER };

const REQUESTS: readonly (readonly [what: string, options: JsonObject, request: VisitRequest])[] = [
  ['a write', {}, { type: Command.write, ...range, data: Buffer.alloc(CLUSTER, 0x22) }],
  [
    'a write of zeroes as data, which are detected',
    { 'detect-zeroes': 'on' },
    { type: Command.write, ...range, data: Buffer.alloc(CLUSTER) },
  ],
  ['a write of zeroes', {}, { type: Command.writeZeroes, ...range }],
  ['a trim', { discard: 'unmap' }, { type: Command.trim, ...range }],
];

export const forcedWrites: readonly CaseDefinition[] = [
  {
    id: 'nbd-export/fua-reaches-storage',
    title:
      'Data, zeroes and trims with FUA fail where storage cannot flush; without FUA they end before that',
    requirements: ['nbd-server-add/writable', 'BlockdevCacheOptions/flush-is-carried-out'],
    needs: needs(serverNeeds, chainNodes, { drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      const { local } = await startNbdServer(t);
      for (const [what, options, request] of REQUESTS)
        for (const [flags, expected] of [
          [0, 0],
          [Flag.fua, Errno.EIO],
        ] as const) {
          const clusters = new Map([[1, 0x11]]);
          const made = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters });
          const image = await makeFile(t, made);
          const file = failingFile(image, { event: 'flush_to_os', errno: 5, once: true });
          const node = await addQcow2(t, image, { file, ...options });
          const name = t.name('export');
          await t.execute('nbd-server-add', { device: node, name, writable: true });
          const visitor = await NbdVisitor.enter(t, local, name);
          const { error } = await visitor.request({ ...request, flags });
          t.equal(error, expected, `${what} must be on storage when it ends, exactly with FUA`);
        }
    },
  },
];
