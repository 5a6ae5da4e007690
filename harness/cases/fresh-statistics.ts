/** Statistics before anything was done, and after one request of one kind: what that is counted as, and what it is not. */
import type { JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { NOTHING_COUNTED, statsOf } from './helpers/device-info.ts';
import { hmpIo, qemuIo } from './helpers/human-monitor-io.ts';
import { addNode, dataNodes, needs, queryList } from './helpers/shared-setup.ts';

const fresh: Topology = {
  name: 'fresh-drive',
  images: [],
  options: ['-drive', 'if=none,id=f0,driver=null-co,size=1M', '-drive', 'if=none,id=f1'],
  monitors: 1,
};

/** What is told of a drive, or node, that nobody has used. */
const FRESH = {
  ...NOTHING_COUNTED,
  rd_total_time_ns: 0,
  wr_total_time_ns: 0,
  flush_total_time_ns: 0,
  timed_stats: [],
};

/** Requests of a drive's user, and what they count as, times apart. */
const REQUESTS: readonly (readonly [kind: string, line: string, counted: JsonObject])[] = [
  ['read', 'aio_read 0 512', { rd_operations: 1, rd_bytes: 512 }],
  ['write', 'aio_write 4096 1024', { wr_operations: 1, wr_bytes: 1024, wr_highest_offset: 5120 }],
  ['flush', 'aio_flush', { flush_operations: 1 }],
];

export const freshStatistics: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/fresh',
    title:
      'Of a drive that nobody has used, and of one without a medium, every counter is 0 and nothing is timed',
    requirements: ['query-blockstats/counts', 'query-blockstats/timed-stats'],
    needs: { commands: ['query-blockstats'], drivers: ['null-co'], capabilities: ['drives'] },
    topology: fresh,
    fresh: true,
    async run(t: CaseContext) {
      for (const device of ['f0', 'f1']) {
        const stats = await statsOf(t, device);
        t.contains(stats, FRESH, `the drive ${device} must have counted nothing`);
        t.check(!('idle_time_ns' in stats), 'a drive that was never used must tell no time since', 'it does');
      }
    },
  },
  {
    id: 'query-blockstats/fresh-node',
    title: 'Of a node that nobody has used every counter is 0',
    requirements: ['query-blockstats/nodes'],
    needs: needs(dataNodes, { commands: ['query-blockstats'], members: ['query-blockstats.query-nodes'] }),
    async run(t: CaseContext) {
      const node = await addNode(t);
      const all = await queryList(t, 'query-blockstats', { 'query-nodes': true });
      const found = all.find((each) => each['node-name'] === node);
      t.check(found !== undefined, 'query-blockstats must list every node', 'it does not');
      t.contains(
        found.stats ?? null,
        { ...FRESH, account_invalid: false, account_failed: false },
        'a node that nobody used must have counted nothing',
      );
    },
  },
  ...REQUESTS.map(
    ([kind, line, expected]): CaseDefinition => ({
      id: `query-blockstats/one-${kind}`,
      title: `One ${kind} of a drive is counted once, as that and as nothing else`,
      requirements: ['query-blockstats/counts'],
      needs: needs(hmpIo, { commands: ['query-blockstats'], drivers: ['null-co'], capabilities: ['drives'] }),
      topology: fresh,
      fresh: true,
      async run(t: CaseContext) {
        await qemuIo(t, 'f0', line);
        await qemuIo(t, 'f0', 'aio_flush');
        const stats = await statsOf(t, 'f0');
        const flushes = Number(expected.flush_operations ?? 0) + 1;
        const wanted = { ...NOTHING_COUNTED, ...expected, flush_operations: flushes };
        t.contains(stats, wanted, `after ${line} that must be counted, and nothing else`);
        t.check('idle_time_ns' in stats, 'a drive that was used must tell the time since', 'it does not');
        t.equal((await statsOf(t, 'f1')).rd_operations ?? null, 0, 'another drive must count nothing of it');
      },
    }),
  ),
];
