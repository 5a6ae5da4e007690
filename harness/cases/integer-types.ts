/** Integers of each type of the schema, at the bounds of that type. */
import type { Json, JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { backupJobs, cancelled, jobInfo } from './helpers/job-steps.ts';
import {
  addNode,
  checkAbsent,
  dataNodes,
  MiB,
  needs,
  nodeInfo,
  virtualSize,
} from './helpers/shared-setup.ts';

const UINT64_MAX = 2n ** 64n - 1n;
const INT64_MAX = 2n ** 63n - 1n;
/** Beyond 64 bits, by one and by far. */
const HUGE: readonly bigint[] = [2n ** 64n, 2n ** 65n, 10n ** 30n, -(2n ** 63n) - 1n, -(10n ** 30n)];

interface Member {
  readonly command: string;
  readonly member: string;
  readonly args: (node: string) => JsonObject;
  /** What takes it back. */
  readonly undo: string | null;
  readonly taken: readonly Json[];
  readonly refused: readonly Json[];
}

const MEMBERS: readonly Member[] = [
  {
    command: 'block-dirty-bitmap-add',
    member: 'granularity',
    args: (node) => ({ node, name: 'b' }),
    undo: 'block-dirty-bitmap-remove',
    taken: [512, 65536, 2 ** 31],
    refused: [
      0,
      256,
      511,
      513,
      2 ** 31 + 1,
      2 ** 32,
      2 ** 32 + 65536,
      2 ** 33,
      -1,
      -65536,
      1.5,
      '512',
      null,
      true,
      [512],
    ],
  },
  {
    command: 'block-set-write-threshold',
    member: 'write-threshold',
    args: (node) => ({ 'node-name': node }),
    undo: null,
    taken: [0, 1, 2 ** 32, INT64_MAX],
    refused: [1.5, '1', null, false, {}, ...HUGE],
  },
];

const SPEEDS: readonly Json[] = [0, 1, 2 ** 32, INT64_MAX];

export const integerTypes: readonly CaseDefinition[] = [
  ...MEMBERS.map(
    ({ command, member, args, undo, taken, refused }): CaseDefinition => ({
      id: `integer-types/${member}`,
      title: `${member} of ${command} takes integers within its bounds, and nothing else`,
      requirements: ['schema/integer-range', 'schema/member-type'],
      needs: needs(dataNodes, { commands: undo === null ? [command] : [command, undo] }),
      async run(t: CaseContext) {
        const node = await addNode(t);
        for (const value of refused) await t.refused(command, { ...args(node), [member]: value });
        for (const value of taken) {
          await t.execute(command, { ...args(node), [member]: value });
          if (undo !== null) await t.execute(undo, args(node));
        }
        t.equal(await virtualSize(t, node), MiB, 'the node must be as before');
      },
    }),
  ),
  {
    id: 'integer-types/speed',
    title:
      'The speed of a job is told as it was given, up to the greatest int64; below 0 and beyond it is refused',
    requirements: ['schema/integer-range', 'block-job-set-speed/sets'],
    needs: needs(backupJobs, { commands: ['block-job-set-speed'] }),
    async run(t: CaseContext) {
      const [device, target, id] = [await addNode(t), await addNode(t), t.name('job')];
      const job = { 'job-id': id, device, target, sync: 'none' };
      for (const speed of [-1, INT64_MAX + 1n, 1.5, '1', null])
        await t.refused('blockdev-backup', { ...job, speed });
      await t.execute('blockdev-backup', job);
      const told = async (): Promise<Json> => (await jobInfo(t, id)).speed ?? null;
      for (const speed of SPEEDS) {
        await t.execute('block-job-set-speed', { device: id, speed });
        t.equal(await told(), speed, 'the speed of a job must be told as it was set');
        for (const wrong of [-1, -(2n ** 63n), INT64_MAX + 1n, UINT64_MAX, '1', 0.5, ...HUGE])
          await t.refused('block-job-set-speed', { device: id, speed: wrong });
        t.equal(await told(), speed, 'a speed that is refused must change nothing');
      }
      await cancelled(t, id);
    },
  },
  {
    id: 'integer-types/latency-ns',
    title: 'latency-ns takes unsigned integers; what is no integer is refused, and makes no node',
    requirements: ['schema/integer-range', 'schema/member-type'],
    needs: needs(dataNodes, { drivers: ['null-co'] }),
    async run(t: CaseContext) {
      const node = t.name('null');
      const options = { driver: 'null-co', 'node-name': node, size: MiB };
      for (const wrong of [1.5, '1', null, true, [], {}, UINT64_MAX + 1n]) {
        await t.refused('blockdev-add', { ...options, 'latency-ns': wrong });
        await checkAbsent(t, node);
      }
      for (const right of [0, 1, INT64_MAX]) {
        await t.execute('blockdev-add', { ...options, 'latency-ns': right });
        await nodeInfo(t, node);
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
];
