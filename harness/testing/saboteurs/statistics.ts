/** Saboteurs of query-blockstats. */
import { inside, type Saboteur } from './saboteur.ts';

export const statistics: readonly Saboteur[] = [
  inside(
    'statistics/highest-offset-of-length',
    'BlockDeviceStats',
    'counts wr_highest_offset from the length of writes alone',
    'graph/block-io',
    [
      'this.#highestWrite = Math.max(this.#highestWrite, offset + length);',
      'this.#highestWrite = Math.max(this.#highestWrite, length);',
    ],
  ),
  inside(
    'statistics/highest-offset-latest',
    'BlockDeviceStats',
    'gives the end of the latest write as the highest offset',
    'graph/block-io',
    [
      'this.#highestWrite = Math.max(this.#highestWrite, offset + length);',
      'this.#highestWrite = offset + length;',
    ],
  ),
  inside(
    'statistics/highest-offset-start',
    'BlockDeviceStats',
    'gives the start of the highest write as the highest offset',
    'graph/block-io',
    [
      'this.#highestWrite = Math.max(this.#highestWrite, offset + length);',
      'this.#highestWrite = Math.max(this.#highestWrite, offset);',
    ],
  ),
  inside(
    'statistics/parent-missing',
    'BlockStats',
    'does not tell the statistics of the file below',
    'graph/query-nodes',
    ['stats.parent = describeStats(file.node, view);', ';'],
  ),
  inside(
    'statistics/backing-missing',
    'BlockStats',
    'does not tell the statistics of the backing file',
    'graph/query-nodes',
    ['if (backing && view.ofDrive)', 'if (false)'],
  ),
  inside(
    'statistics/backing-of-nodes',
    'query-blockstats',
    'tells backing files with query-nodes, too',
    'graph/query-nodes',
    ['if (backing && view.ofDrive)', 'if (backing)'],
  ),
  inside(
    'statistics/query-nodes-ignored',
    'query-blockstats',
    'answers query-nodes with the drives',
    'commands/query-blockstats',
    ["args['query-nodes']\n    ?", "args['query-nodes'] === 'x'\n    ?"],
  ),
  inside(
    'statistics/node-name-missing',
    'BlockStats',
    'does not tell the name of the node',
    'graph/query-nodes',
    ["stats['node-name'] = node.name;", ';'],
  ),
  inside(
    'statistics/operations-uncounted',
    'BlockDeviceStats',
    'counts bytes and no operations',
    'backend/accounting',
    ['counter.operations += 1;', ';'],
  ),
  inside('statistics/bytes-as-sectors', 'BlockDeviceStats', 'counts bytes in sectors', 'backend/accounting', [
    'counter.bytes += bytes;',
    'counter.bytes += bytes / 512;',
  ]),
  inside(
    'statistics/times-zero',
    'BlockDeviceStats',
    'does not count the time that requests take',
    'backend/accounting',
    ['this.#counters[operation].nanoseconds += time;', ';'],
  ),
  inside(
    'statistics/times-in-microseconds',
    'BlockDeviceStats',
    'counts the time of requests in microseconds',
    'backend/accounting',
    ['nanoseconds += time;', 'nanoseconds += time / 1000n;'],
  ),
  inside(
    'statistics/idle-always',
    'BlockDeviceStats',
    'tells an idle time of drives that nobody used',
    'backend/accounting',
    [
      '...(this.#lastAccess === 0n ? {} : { idle_time_ns: Number(now - this.#lastAccess) }),',
      'idle_time_ns: Number(now - this.#lastAccess),',
    ],
  ),
  inside(
    'statistics/idle-zero',
    'BlockDeviceStats',
    'tells an idle time of 0 for ever',
    'backend/accounting',
    ['Number(now - this.#lastAccess)', '0'],
  ),
  inside(
    'statistics/failures-uncounted',
    'BlockDeviceStats',
    'does not count requests that fail',
    'backend/accounting',
    ['this.#counters[operation].failed += 1;', ';'],
  ),
  inside(
    'statistics/failures-as-done',
    'BlockDeviceStats',
    'counts requests that fail as done',
    'backend/accounting',
    [
      'this.#counters[operation].failed += 1;',
      'this.#counters[operation].failed += 1;\n        this.#counters[operation].operations += 1;',
    ],
  ),
  inside('statistics/flushes-as-writes', 'BlockDeviceStats', 'does not count flushes', 'backend/accounting', [
    'flush_operations: flush.operations,',
    'flush_operations: 0,',
  ]),
  inside(
    'statistics/write-time-of-reads',
    'BlockDeviceStats',
    'gives the time of reads as that of writes',
    'backend/accounting',
    ['wr_total_time_ns: Number(wr.nanoseconds),', 'wr_total_time_ns: Number(rd.nanoseconds),'],
  ),
  inside(
    'statistics/failures-no-activity',
    'BlockDeviceStats',
    'does not count failures as activity and says that it does',
    'backend/accounting',
    ['if (!this.#countsFailed)\n            return;', 'return;'],
  ),
  inside(
    'statistics/reset-by-query',
    'BlockDeviceStats',
    'begins to count anew when it was asked',
    'backend/accounting',
    [
      'const { rd, wr, flush } = this.#counters;',
      'const { rd, wr, flush } = this.#counters;\n        for (const operation of operations)\n            this.#counters[operation] = emptyCounter();',
    ],
  ),
  inside(
    'statistics/device-missing',
    'BlockStats',
    'does not tell the name of the device',
    'backend/query-backends',
    ['return { device: name, ...ofNode,', 'return { ...ofNode,'],
  ),
];
