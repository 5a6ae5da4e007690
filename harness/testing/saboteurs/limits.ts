/** Saboteurs of throttling. */
import { inside, type Saboteur } from './saboteur.ts';

const GROUP = 'throttle/throttle-group';

export const limits: readonly Saboteur[] = [
  inside('limits/not-applied', 'block_set_io_throttle', 'shows limits and does not apply them', GROUP, [
    'return Math.max(...CONCERNED[direction].map((name) => this.#bucketWait(name)));',
    'return 0;',
  ]),
  inside('limits/bps-only', 'block_set_io_throttle', 'does not apply limits of operations', GROUP, [
    "const units = name.startsWith('bps') ? bytes : operations;",
    "const units = name.startsWith('bps') ? bytes : 0;",
  ]),
  inside('limits/iops-only', 'block_set_io_throttle', 'does not apply limits of bytes', GROUP, [
    "const units = name.startsWith('bps') ? bytes : operations;",
    "const units = name.startsWith('bps') ? 0 : operations;",
  ]),
  inside('limits/total-for-writes', 'block_set_io_throttle', 'applies total limits to writes only', GROUP, [
    "read: ['bps-total', 'bps-read', 'iops-total', 'iops-read'],",
    "read: ['bps-read', 'iops-read'],",
  ]),
  inside(
    'limits/read-and-write-swapped',
    'block_set_io_throttle',
    'applies limits of reads to writes',
    'commands/block-set-io-throttle',
    [
      'const argument = oldBucketNames[bucket];',
      "const argument = ({ 'bps-read': 'bps_wr', 'bps-write': 'bps_rd' })[bucket] ?? oldBucketNames[bucket];",
    ],
  ),
  inside('limits/double', 'block_set_io_throttle', 'lets pass twice as much as the limit', GROUP, [
    'level.level = Math.max(0, level.level - rate * seconds);',
    'level.level = Math.max(0, level.level - 2 * rate * seconds);',
  ]),
  inside('limits/burst-ignored', 'block_set_io_throttle', 'does not let bursts pass', GROUP, [
    'const size = max > 0 ? max * burstLength : rate * SLACK;',
    'const size = rate * SLACK;',
  ]),
  inside(
    'limits/burst-length-ignored',
    'block_set_io_throttle',
    'lets bursts last one second whatever their length',
    GROUP,
    [
      'const size = max > 0 ? max * burstLength : rate * SLACK;',
      'const size = max > 0 ? max : rate * SLACK;',
    ],
  ),
  inside('limits/burst-unlimited', 'block_set_io_throttle', 'does not limit the rate within a burst', GROUP, [
    'if (burstLength > 1 && burst > max * SLACK)',
    'if (false)',
  ]),
  inside(
    'limits/iops-size-ignored',
    'block_set_io_throttle',
    'counts large requests as one operation',
    GROUP,
    ['const operations = iopsSize > 0 && bytes > iopsSize ? bytes / iopsSize : 1;', 'const operations = 1;'],
  ),
  inside(
    'limits/group-not-shared',
    'block_set_io_throttle',
    'gives each drive of a group limits of its own',
    'backend/block-backend',
    ['const name = groupName ?? this.#throttle?.group.name ?? usualName;', 'const name = this.name;'],
  ),
  inside(
    'limits/group-default',
    'block_set_io_throttle',
    'puts drives without a group into one',
    'backend/block-backend',
    [
      'const name = groupName ?? this.#throttle?.group.name ?? usualName;',
      "const name = groupName ?? this.#throttle?.group.name ?? 'default';",
    ],
  ),
  inside(
    'limits/not-lifted',
    'block_set_io_throttle',
    'keeps the limits of a drive that are set to 0',
    'backend/block-backend',
    ['if (!isLimited(config)) {\n            this.#leaveGroup();', 'if (!isLimited(config)) {'],
  ),
  inside(
    'limits/total-and-reads',
    'block_set_io_throttle',
    'takes total and read limits together',
    'throttle/throttle-config',
    ['-total`][value] &&', '-total`][value] && value === 0 &&'],
  ),
  inside(
    'limits/max-below-rate',
    'block_set_io_throttle',
    'takes a burst below the limit',
    'throttle/throttle-config',
    ['if (max > 0 && max < rate)', 'if (false)'],
  ),
  inside(
    'limits/length-zero',
    'block_set_io_throttle',
    'takes a burst of no length',
    'throttle/throttle-config',
    ['if (burstLength === 0)', 'if (false)'],
  ),
  inside(
    'limits/iops-size-alone',
    'block_set_io_throttle',
    'takes iops_size without a limit of operations',
    'throttle/throttle-config',
    [
      "if (iopsSize && !['iops-total', 'iops-read', 'iops-write']",
      "if (false && !['iops-total', 'iops-read', 'iops-write']",
    ],
  ),
  inside('limits/max-not-shown', 'BlockDeviceInfo', 'does not show bursts', 'backend/query-backends', [
    'if (max > 0) {',
    'if (false) {',
  ]),
  inside(
    'limits/group-not-shown',
    'BlockDeviceInfo',
    'does not show the group of a drive',
    'backend/query-backends',
    ['const info = { group: name };', 'const info = {};'],
  ),
  inside(
    'limits/iops-size-not-shown',
    'BlockDeviceInfo',
    'does not show iops_size',
    'backend/query-backends',
    ['info.iops_size = config.iopsSize;', ';'],
  ),
  inside(
    'limits/rates-not-shown',
    'BlockDeviceInfo',
    'shows limits of a drive as 0',
    'backend/query-backends',
    ['info[member] = rate;', 'info[member] = 0;'],
  ),
  inside(
    'limits/filter-reads-free',
    'BlockdevOptionsThrottle',
    'does not throttle reads of a throttle node',
    'drivers/throttle',
    ["await pass('read', buffer.length);", ';'],
  ),
  inside(
    'limits/filter-writes-free',
    'BlockdevOptionsThrottle',
    'does not throttle writes of a throttle node',
    'drivers/throttle',
    ["await pass('write', data.length);", ';'],
  ),
  inside(
    'limits/filter-zeroes-free',
    'BlockdevOptionsThrottle',
    'does not throttle writes of zeroes',
    'drivers/throttle',
    ["await pass('write', length);\n            await below.writeZeroes", 'await below.writeZeroes'],
  ),
  inside(
    'limits/filter-unknown-group',
    'BlockdevOptionsThrottle',
    'makes the group of a throttle node up',
    'graph/open',
    [
      'const group = objects.throttleGroups.find(id);',
      "const free = { rate: 0, max: 0, burstLength: 1 };\n            const group = objects.throttleGroups.find(id) ?? objects.throttleGroups.create(id, clock, { iopsSize: 0, buckets: { 'bps-total': free, 'bps-read': free, 'bps-write': free, 'iops-total': free, 'iops-read': free, 'iops-write': free } });",
    ],
  ),
  inside(
    'limits/group-in-use-deleted',
    'BlockdevOptionsThrottle',
    'deletes a throttle group in use',
    'objects/throttle-group-object',
    ['inUse: () => group.inUse,', 'inUse: () => false,'],
  ),
  inside(
    'limits/lifted-by-drain',
    'BlockdevOptionsThrottle',
    'does not throttle a node any more after a drained section',
    GROUP,
    ['this.#drains -= 1;', ';'],
  ),
  inside(
    'limits/leaving-lifts-group',
    'block_set_io_throttle',
    'lifts the limits of a group when one of its drives leaves it',
    'backend/block-backend',
    [
      'if (!isLimited(config)) {',
      'if (!isLimited(config)) {\n            if (this.#throttle)\n                this.#throttle.group.config = config;',
    ],
  ),
  inside(
    'limits/joins-unchanged-group',
    'block_set_io_throttle',
    'does not set the limits of a group that is named and has some',
    'backend/block-backend',
    [
      'this.#throttle.group.config = config;',
      'if (groupName === undefined || !isLimited(this.#throttle.group.config))\n            this.#throttle.group.config = config;',
    ],
  ),
  inside(
    'limits/group-contradicts',
    'ThrottleLimits',
    'takes limits for a group that contradict one another',
    'objects/throttle-group-object',
    ['checkConfig(config);', ';'],
  ),
  inside(
    'limits/idle-saves',
    'block_set_io_throttle',
    'lets pass at once what was not used of the limits before',
    'throttle/throttle-group',
    ['level.level = Math.max(0, level.level - rate * seconds);', 'level.level -= rate * seconds;'],
  ),
  inside(
    'limits/group-left-behind',
    'BlockdevOptionsThrottle',
    'keeps the group of a drive after its last member has left',
    'backend/block-backend',
    ['objects.throttleGroups.remove(member.group.name);', ';'],
  ),
];
