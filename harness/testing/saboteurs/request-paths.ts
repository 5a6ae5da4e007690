/** Saboteurs of what is owed to stable storage, and of the second ways to it: forced, through filters, compressed, into longer tables. */
import { inside, type Saboteur } from './saboteur.ts';

const IO = 'graph/block-io';
const THROTTLE = 'drivers/throttle';

export const requestPaths: readonly Saboteur[] = [
  inside('paths/forced-data-waits', 'nbd-server-add', 'flushes nothing for a write with FUA', IO, [
    'this.#writeAligned(start, end, offset, data));\n        if (flags.fua)',
    'this.#writeAligned(start, end, offset, data));\n        if (false)',
  ]),
  inside('paths/forced-zeroes-wait', 'nbd-server-add', 'flushes nothing for zeroes with FUA', IO, [
    'await this.#zeroWithin(to, end);\n        });\n        if (flags.fua)',
    'await this.#zeroWithin(to, end);\n        });\n        if (false)',
  ]),
  inside(
    'paths/forced-detected-zeroes-wait',
    'nbd-server-add',
    'forgets FUA where it detects that a write is all zeroes',
    IO,
    ['{ ...flags, mayUnmap: this.#policy', '{ mayUnmap: this.#policy'],
  ),
  inside(
    'paths/forced-trims-wait',
    'nbd-server-add',
    'flushes nothing for a trim with FUA',
    'exports/nbd/transmission',
    ['if (fua)\n                await io.flush();', ''],
  ),
  inside('paths/failed-is-done', 'BlockdevCacheOptions', 'takes a flush that failed for done', IO, [
    'const upTo = this.#changes;\n        await this.#state.flush?.();\n        this.#flushed = upTo;',
    'this.#flushed = this.#changes;\n        await this.#state.flush?.();',
  ]),
  inside(
    'paths/resize-is-none',
    'BlockdevCacheOptions',
    'flushes nothing where only the size has changed',
    IO,
    [
      'this.#changes = {};\n        this.#bitmaps.resize(this.length());\n    }',
      'this.#bitmaps.resize(this.length());\n    }',
    ],
  ),
  inside(
    'paths/throttled-are-lost',
    'BlockdevOptionsThrottle',
    'hands no flush on through a throttle node',
    THROTTLE,
    [
      '        drain: () => member.drain(),',
      '        flush: async () => {},\n        drain: () => member.drain(),',
    ],
  ),
  inside(
    'paths/verified-raw',
    'BlockdevOptionsBlkverify',
    'flushes raw of blkverify alone',
    'drivers/blkverify',
    ['flush: () => test.flush(),', 'flush: () => raw.flush(),'],
  ),
  inside('paths/discards-unlimited', 'ThrottleLimits', 'lets discards pass whatever the limits', THROTTLE, [
    "await pass('write', length);\n            await below.discard",
    'await below.discard',
  ]),
  inside(
    'paths/throttled-zeroes-keep',
    'BlockdevOptionsThrottle',
    'leaves no hole for zeroes that go through a throttle node',
    THROTTLE,
    ['below.writeZeroes?.(offset, length, flags)', 'below.writeZeroes?.(offset, length, {})'],
  ),
  inside(
    'paths/raw-discards-misplaced',
    'BlockdevOptionsRaw',
    'discards through raw as if it had no offset',
    'drivers/raw-format',
    ['file.discard(host(offset), length)', 'file.discard(offset, length)'],
  ),
  inside(
    'paths/compressed-unchecked',
    'Qcow2OverlapChecks',
    'writes compressed clusters over metadata',
    'drivers/qcow2/writing',
    ['await image.corruption.checkWrite(host, stream.length);', ''],
  ),
  inside(
    'paths/longer-table-unchecked',
    'Qcow2OverlapChecks',
    'writes a longer L1 table over other metadata',
    'drivers/qcow2/resize',
    ['await image.corruption.checkWrite(offset, bytes.length);', ''],
  ),
  inside(
    'paths/snapshot-unchecked',
    'Qcow2OverlapChecks',
    'writes the tables of an internal snapshot over other metadata',
    'drivers/qcow2/qcow2-snapshots',
    ['await image.corruption.checkWrite(l1Offset, bytes);', ''],
  ),
  inside(
    'paths/discards-are-highest-writes',
    'BlockDeviceStats',
    'takes discards for writes in wr_highest_offset',
    IO,
    ['if (!options.discards)\n                this.#highestWrite', 'this.#highestWrite'],
  ),
  inside(
    'paths/verified-writes-alone',
    'BlockdevOptionsBlkverify',
    'goes on after a write that one child of blkverify alone has failed',
    'drivers/blkverify',
    ['if (tested !== expected)', "if (tested !== expected && what.startsWith('read'))"],
  ),
  inside(
    'paths/overtaking-write-is-flushed',
    'BlockdevCacheOptions',
    'takes for flushed what is written while a flush is under way',
    'graph/block-io',
    ['this.#flushed = upTo;', 'this.#flushed = this.#changes;'],
  ),
  inside(
    'paths/copied-is-marked',
    'BlockDirtyBitmapAdd',
    'marks in bitmaps what is copied because it was read',
    'graph/block-io',
    [
      '                        await this.#writeAligned(at, at + size, at, data);\n                    this.#changes',
      '                        await this.#writeAligned(at, at + size, at, data);\n                    this.#bitmaps.mark(at, size);\n                    this.#changes',
    ],
  ),
  inside(
    'paths/copied-past-the-end',
    'BlockdevOptionsQcow2',
    'copies the whole of a last cluster that is cut off, and fails the read',
    'graph/block-io',
    [
      'const end = Math.min(Math.ceil((offset + length) / unit) * unit, this.length());',
      'const end = Math.ceil((offset + length) / unit) * unit;',
    ],
  ),
  inside(
    'paths/flushes-when-reopened',
    'BlockdevCacheOptions',
    'carries out flushes with no-flush on once a node became writable or read-only',
    'graph/node',
    [' io.setPolicy(this.#policy());', ' io.setPolicy({ ...this.#policy(), noFlush: false });'],
  ),
  inside(
    'drivers/quorum-verifies-first-sector',
    'BlockdevOptionsQuorum',
    'compares only the first sector of each read in blkverify mode',
    'drivers/quorum/index',
    [
      'if (versions.length > 1 && this.#settings.blkverify)',
      'if (versions.length > 1 && this.#settings.blkverify && Buffer.compare(copies[0].subarray(0, 512), copies[1].subarray(0, 512)) !== 0)',
    ],
  ),
  inside(
    'drivers/quorum-verifies-first-read',
    'BlockdevOptionsQuorum',
    'compares only the first read of a node in blkverify mode',
    'drivers/quorum/index',
    [
      'if (versions.length > 1 && this.#settings.blkverify)',
      'this.reads = (this.reads ?? 0) + 1;\n        if (versions.length > 1 && this.#settings.blkverify && this.reads === 1)',
    ],
  ),
  inside(
    'drivers/blkdebug-flush-kept',
    'BlockdevOptionsBlkdebug',
    'does not flush the image below a blkdebug node',
    'drivers/blkdebug/index',
    ['await image.flush();', ';'],
  ),
  inside(
    'request-paths/discard-rounded-out',
    'BlockdevDiscardOptions',
    'discards whole units where a discard begins or ends within one',
    'graph/block-io',
    [
      'const start = Math.ceil(offset / unit) * unit;\n        const end = Math.floor((offset + length) / unit) * unit;',
      'const start = Math.floor(offset / unit) * unit;\n        const end = Math.ceil((offset + length) / unit) * unit;',
    ],
  ),
  inside(
    'paths/align-capped',
    'BlockdevOptionsBlkdebug',
    'widens requests to 4096 bytes where align is larger',
    'drivers/blkdebug/blkdebug-limits',
    ['{ requestAlignment: align }', '{ requestAlignment: Math.min(align, 4096) }'],
  ),
  inside(
    'paths/large-zeroes-as-data',
    'BlockdevDetectZeroesOptions',
    'does not detect zeroes in writes of 64 KiB and more',
    'graph/block-io',
    [
      "if (this.#policy.detectZeroes !== 'off' && isZero(data))",
      "if (this.#policy.detectZeroes !== 'off' && data.length < 65536 && isZero(data))",
    ],
  ),
  inside(
    'paths/devices-without-drive-stay',
    'blockdev-snapshot',
    'leaves guest devices on a node below its snapshot that use the node without a drive',
    'graph/external-snapshot',
    [
      'graph.replaceNode(base, overlay, [edge]);',
      "graph.replaceNode(base, overlay, [edge, ...base.parents.filter(({ user }) => user?.deviceName === '' && user.device)]);",
    ],
  ),
  inside(
    'paths/throttles-first-file',
    'BlockdevOptionsThrottle',
    'reads and writes the node that a throttle node was opened over once another has taken its place',
    'drivers/throttle',
    [
      'const below = passThrough(file);',
      'const below = passThrough(Object.create(file, { node: { value: file.node } }));',
    ],
  ),
  inside(
    'paths/flush-of-gone-server',
    'BlockdevOptionsNbd',
    'takes a flush for done whose server has gone before',
    'drivers/nbd/connection',
    [
      'if (this.#failure)\n            return Promise.reject',
      'if (this.#failure && command.type === Command.flush)\n            return Promise.resolve(new Reply(command));\n        if (this.#failure)\n            return Promise.reject',
    ],
  ),
  inside(
    'copies/source-stops-by-default',
    'BlockdevBackup',
    'stops a backup at an error of its source where on-source-error is not given',
    'jobs/backup-job',
    [
      "this.#args[policy] ?? 'report'",
      "this.#args[policy] ?? (error.operation === 'read' ? 'stop' : 'report')",
    ],
  ),
];
