/** Saboteurs of what counts as an access, and of the highest offset of nodes below a drive. */
import { inside, type Saboteur } from './saboteur.ts';

export const accessTimes: readonly Saboteur[] = [
  inside(
    'access-times/highest-of-backing-lost',
    'BlockDeviceStats',
    'tells no highest offset of backing images',
    'graph/query-nodes',
    [
      'stats.backing = describeStats(backing.node, view);',
      'stats.backing = describeStats(backing.node, view);\n    if (stats.backing) stats.backing.stats.wr_highest_offset = 0;',
    ],
  ),
  inside(
    'access-times/highest-of-file-lost',
    'BlockDeviceStats',
    'tells no highest offset of files',
    'graph/query-nodes',
    [
      'stats.parent = describeStats(file.node, view);',
      'stats.parent = describeStats(file.node, view);\n    if (stats.parent) stats.parent.stats.wr_highest_offset = 0;',
    ],
  ),
  inside(
    'access-times/failed-write-idle',
    'BlockDeviceStats',
    'counts failed writes as an access whatever account_failed says',
    'backend/accounting',
    [
      'if (!this.#countsFailed)\n            return;\n        this.#took',
      "if (!this.#countsFailed && operation !== 'wr')\n            return;\n        this.#took",
    ],
  ),
  inside(
    'access-times/invalid-write-idle',
    'BlockDeviceStats',
    'counts invalid writes as an access whatever account_invalid says',
    'backend/accounting',
    [
      'if (this.#countsInvalid)\n            this.#lastAccess = now;',
      "if (this.#countsInvalid || operation === 'wr')\n            this.#lastAccess = now;",
    ],
  ),
  inside(
    'access-times/invalid-write-never',
    'BlockDeviceStats',
    'does not count invalid writes as an access',
    'backend/accounting',
    [
      'if (this.#countsInvalid)\n            this.#lastAccess = now;',
      "if (this.#countsInvalid && operation !== 'wr')\n            this.#lastAccess = now;",
    ],
  ),
  inside(
    'access-times/failed-latency-write',
    'BlockDeviceTimedStats',
    'leaves failed writes out of latencies',
    'backend/accounting',
    [
      'if (!this.#countsFailed)\n            return;\n        this.#took',
      "if (!this.#countsFailed || operation === 'wr')\n            return;\n        this.#took",
    ],
  ),
];
