/** Saboteurs of the data plane: bytes, allocation, discard, zeroes, flush, write threshold, raw, file, null. */
import { inside, type Saboteur } from './saboteur.ts';

const IO = 'graph/block-io';

export const data: readonly Saboteur[] = [
  inside('data/discard-ignored', 'BlockdevDiscardOptions', 'ignores discards with discard unmap', IO, [
    "if (this.#policy.discard === 'ignore' ||",
    'if (true ||',
  ]),
  inside('data/discard-always', 'BlockdevDiscardOptions', 'discards with discard ignore', IO, [
    "if (this.#policy.discard === 'ignore' ||",
    'if (',
  ]),
  inside(
    'data/discard-by-default',
    'BlockdevOptions',
    'takes unmap for the default of discard',
    'graph/common-options',
    ["(isBacking ? parent.discard : parent ? 'unmap' : 'ignore')", "(isBacking ? parent.discard : 'unmap')"],
  ),
  inside(
    'data/detect-zeroes-ignored',
    'BlockdevDetectZeroesOptions',
    'writes zeroes as data with detect-zeroes on',
    IO,
    ["if (this.#policy.detectZeroes !== 'off' && isZero(data)) {", 'if (false) {'],
  ),
  inside(
    'data/detect-zeroes-always',
    'BlockdevDetectZeroesOptions',
    'detects zeroes with detect-zeroes off',
    IO,
    ["if (this.#policy.detectZeroes !== 'off' && isZero(data)) {", 'if (isZero(data)) {'],
  ),
  inside(
    'data/detect-zeroes-keeps',
    'BlockdevDetectZeroesOptions',
    'keeps clusters allocated with detect-zeroes unmap',
    IO,
    ["mayUnmap: this.#policy.detectZeroes === 'unmap'", 'mayUnmap: false'],
  ),
  inside('data/detect-zeroes-unmaps', 'BlockdevDetectZeroesOptions', 'unmaps with detect-zeroes on', IO, [
    "mayUnmap: this.#policy.detectZeroes === 'unmap'",
    'mayUnmap: true',
  ]),
  inside(
    'data/detect-zeroes-without-discard',
    'BlockdevOptions',
    'takes detect-zeroes unmap without discard unmap',
    'graph/common-options',
    ["if (detectZeroes === 'unmap' && discard !== 'unmap')", 'if (false)'],
  ),
  inside('data/threshold-at', 'block-set-write-threshold', 'tells a write that ends at the threshold', IO, [
    'if (!threshold || end <= threshold)',
    'if (!threshold || end < threshold)',
  ]),
  inside(
    'data/threshold-by-start',
    'block-set-write-threshold',
    'tells only writes that begin beyond the threshold',
    IO,
    [
      'this.#checkThreshold(offset + length);',
      'if (offset > this.#writeThreshold)\n                        this.#checkThreshold(offset + length);',
    ],
  ),
  inside('data/threshold-stays', 'BLOCK_WRITE_THRESHOLD', 'keeps the threshold after it was told', IO, [
    'this.#writeThreshold = 0;\n        this.#threshold',
    'this.#threshold',
  ]),
  inside(
    'data/threshold-amount',
    'BLOCK_WRITE_THRESHOLD',
    'tells the end of the write as amount-exceeded',
    IO,
    [
      'this.#thresholdExceeded(end - Number(threshold), threshold);',
      'this.#thresholdExceeded(end, threshold);',
    ],
  ),
  {
    id: 'data/threshold-misses-zeroes',
    definition: 'block-set-write-threshold',
    breaks: 'does not tell when zeroes pass the threshold',
    changes: [
      {
        file: IO,
        find: 'if (!options.discards)\n                    this.#checkThreshold',
        put: 'if (!options.discards && !options.zeroes)\n                    this.#checkThreshold',
      },
      {
        file: IO,
        find: 'await this.#zeroWithin(to, end);\n        });',
        put: 'await this.#zeroWithin(to, end);\n        }, { zeroes: true });',
      },
    ],
  },
  inside('data/threshold-not-cleared', 'block-set-write-threshold', 'does not take 0 for no threshold', IO, [
    'this.#writeThreshold = bytes;',
    'if (bytes)\n            this.#writeThreshold = bytes;',
  ]),
  inside(
    'data/threshold-event-nameless',
    'BLOCK_WRITE_THRESHOLD',
    'tells the driver as the node of a threshold',
    'graph/open',
    [
      "graph.services.emit('BLOCK_WRITE_THRESHOLD', {\n            'node-name': node.name,",
      "graph.services.emit('BLOCK_WRITE_THRESHOLD', {\n            'node-name': node.driverName,",
    ],
  ),
  inside('data/flush-ignored', 'BlockdevCacheOptions', 'never flushes', IO, [
    'if (this.#dead || this.#policy.noFlush ||',
    'if (true ||',
  ]),
  inside('data/no-flush-ignored', 'BlockdevCacheOptions', 'flushes with cache.no-flush', IO, [
    'this.#dead || this.#policy.noFlush ||',
    'this.#dead ||',
  ]),
  inside(
    'data/flush-keeps-mapping',
    'BlockdevCacheOptions',
    'flushes what was written to a qcow2 image, and not where that is',
    'drivers/qcow2/image',
    [
      "this.file.debugEvent('flush_to_os');\n        await this.metadata.run(async () => {\n            await this.mapping.flush();",
      "this.file.debugEvent('flush_to_os');\n        await this.metadata.run(async () => {",
    ],
  ),
  inside(
    'data/dirty-not-repaired',
    'BlockdevOptionsQcow2',
    'opens a qcow2 image that nobody closed without counting its clusters',
    'drivers/qcow2/image',
    ['await repair(this);', 'await this.clearDirty();'],
  ),
  inside('data/write-shifted', 'blockdev-add', 'writes a sector too far', IO, [
    'await this.#state.write(at, data);',
    'await this.#state.write(at + (at > 0 && at + data.length + 512 <= this.#length ? 512 : 0), data);',
  ]),
  inside('data/unaligned-lost', 'blockdev-add', 'fills what a write leaves of a sector with zeroes', IO, [
    'if (present > 0) {',
    'if (false) {',
  ]),
  inside('data/zeroes-not-written', 'blockdev-add', 'answers a write of zeroes and writes nothing', IO, [
    'await this.#state.writeZeroes?.(at, size, flags);',
    ';',
  ]),
  inside(
    'data/beyond-end-data',
    'block_resize',
    'reads what was there before where a disk has grown',
    'graph/node',
    ['await this.#hideBelow(before, length);', ';'],
  ),
  inside('data/raw-offset-ignored', 'BlockdevOptionsRaw', 'ignores the offset of raw', 'drivers/raw-format', [
    'const host = (offset) => offset + start;',
    'const host = (offset) => offset;',
  ]),
  inside(
    'data/raw-size-ignored',
    'BlockdevOptionsRaw',
    'shows the size of raw and reads beyond it',
    'drivers/raw-format',
    ['growable: size === undefined,', 'growable: true,'],
  ),
  inside(
    'data/raw-size-default',
    'BlockdevOptionsRaw',
    'does not take the offset from the default size',
    'drivers/raw-format',
    ['size ?? Math.max(0, file.length() - start)', 'size ?? file.length()'],
  ),
  inside(
    'data/raw-beyond-file',
    'BlockdevOptionsRaw',
    'takes a size beyond the end of the file',
    'drivers/raw-format',
    ['if (end - offset < BigInt(size))', 'if (false)'],
  ),
  inside('data/raw-resized', 'BlockdevOptionsRaw', 'resizes raw with a size', 'drivers/raw-format', [
    "if (size !== undefined)\n                throw new CommandError('Cannot resize fixed-size raw disks');",
    ';',
  ]),
  inside(
    'data/null-size-default',
    'BlockdevOptionsNull',
    'takes 1 MiB for the default size of null-co',
    'drivers/null',
    ['const DEFAULT_SIZE = 2 ** 30;', 'const DEFAULT_SIZE = 2 ** 20;'],
  ),
  inside(
    'data/null-no-latency',
    'BlockdevOptionsNull',
    'answers requests to null-co without latency-ns',
    'drivers/null',
    ['const request = () => latency === 0n ?', 'const request = () => true ?'],
  ),
  inside(
    'data/null-latency-in-microseconds',
    'BlockdevOptionsNull',
    'takes latency-ns for microseconds',
    'drivers/null',
    ['clock.after(latency, resolve)', 'clock.after(latency * 1000n, resolve)'],
  ),
  inside(
    'data/null-latency-reads-only',
    'BlockdevOptionsNull',
    'answers writes to null-co without latency-ns',
    'drivers/null',
    ['write: request,', 'write: () => Promise.resolve(),'],
  ),
  inside(
    'data/file-aio-native',
    'BlockdevOptionsFile',
    'takes aio native without cache.direct',
    'drivers/file',
    ["if (options.aio === 'native' && !direct) {", 'if (false) {'],
  ),
  inside('data/locking-off-ignored', 'BlockdevOptionsFile', 'locks files with locking off', 'drivers/file', [
    "lock: options.locking === 'off' ? undefined : file.identity,",
    'lock: file.identity,',
  ]),
  inside('data/no-locks', 'BlockdevOptionsFile', 'does not lock files', 'drivers/file', [
    "lock: options.locking === 'off' ? undefined : file.identity,",
    'lock: undefined,',
  ]),
  inside(
    'data/force-share-writable',
    'BlockdevOptions',
    'takes force-share for a writable node',
    'graph/common-options',
    ['if (forceShare && !readOnly)', 'if (false)'],
  ),
  inside('data/force-share-ignored', 'BlockdevOptions', 'locks files with force-share', 'graph/permissions', [
    'return parent.forceShare ? { ...permissions, sharedPerm: ALL_PERMISSIONS } : permissions;',
    'return permissions;',
  ]),
  inside(
    'data/file-preallocation-ignored',
    'BlockdevCreateOptionsFile',
    'does not preallocate files',
    'drivers/file',
    ["if (preallocation !== 'off')\n            await fill(made, size);", ';'],
  ),
  inside(
    'data/raw-zeroes-misplaced',
    'BlockdevOptionsRaw',
    'writes zeroes to raw as if it had no offset',
    'drivers/raw-format',
    ['file.writeZeroes(host(offset), length, flags)', 'file.writeZeroes(offset, length, flags)'],
  ),
  inside(
    'data/zeroes-end-kept',
    'BlockdevOptionsBlkdebug',
    'leaves what a write of zeroes covers of the last aligned block',
    'graph/block-io',
    ['await this.#zeroWithin(to, end);', ';'],
  ),
  inside(
    'data/file-size-rounded-down',
    'BlockdevOptionsFile',
    'leaves the end of a file out that is no whole sector',
    'graph/block-io',
    ['return Math.ceil(bytes / SECTOR) * SECTOR;', 'return Math.floor(bytes / SECTOR) * SECTOR;'],
  ),
  inside(
    'data/discard-rounds-out',
    'BlockdevDiscardOptions',
    'discards clusters of which only the end was to be discarded',
    'drivers/qcow2/zeroing',
    [
      'export async function discard(image, offset, length) {\n    const { clusterSize } = image;\n    const end = offset + length;\n    const first = Math.ceil(offset / clusterSize);',
      'export async function discard(image, offset, length) {\n    const { clusterSize } = image;\n    const end = offset + length;\n    const first = Math.floor(offset / clusterSize);',
    ],
  ),
  inside(
    'data/detect-zeroes-by-beginning',
    'BlockdevDetectZeroesOptions',
    'takes writes that begin with a sector of zeroes for zeroes',
    'graph/block-io',
    [
      "if (this.#policy.detectZeroes !== 'off' && isZero(data)) {",
      "if (this.#policy.detectZeroes !== 'off' && isZero(data.subarray(0, SECTOR))) {",
    ],
  ),
  inside(
    'data/locking-on-demand',
    'BlockdevOptionsFile',
    'locks files with locking on only',
    'drivers/file',
    [
      "lock: options.locking === 'off' ? undefined : file.identity,",
      "lock: options.locking === 'on' ? file.identity : undefined,",
    ],
  ),
  inside(
    'data/rest-of-cluster-lost',
    'BlockdevOptionsQcow2',
    'fills what is behind a write in a new cluster with zeroes and not from the backing file',
    'drivers/qcow2/writing',
    ['await readUpToEnd(image, at + data.length, bytes.subarray(tail));', ';'],
  ),
  inside(
    'data/raw-resized-without-offset',
    'BlockdevOptionsRaw',
    'does not count the offset of raw when it is resized',
    'drivers/raw-format',
    ['await file.truncate(length + start);', 'await file.truncate(length);'],
  ),
  inside(
    'data/cut-within-cluster',
    'block_resize',
    'shows again what was cut off within a cluster when the image grows',
    'drivers/qcow2/resize',
    ['await write(image, size', 'if (false)\n        await write(image, size'],
  ),
  inside(
    'data/shrink-takes-last-cluster',
    'block_resize',
    'drops the whole cluster that the new end of a smaller image lies within',
    'drivers/qcow2/resize',
    ['const first = cut / clusterSize;', 'const first = Math.floor(size / clusterSize);'],
  ),
  inside(
    'data/null-size-rounded-down',
    'BlockdevOptionsNull',
    'rounds the size of null-co and null-aio down to whole sectors',
    'drivers/null',
    [
      'length: () => (size < 2 ** 63 ? size : 0),',
      'length: () => (size < 2 ** 63 ? size - (size % 512) : 0),',
    ],
  ),
  inside(
    'data/raw-offset-beyond-end',
    'BlockdevOptionsRaw',
    'takes an offset beyond the end of the file',
    'drivers/raw-format',
    ['if (offset > end)', 'if (false)'],
  ),
];
