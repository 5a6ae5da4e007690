/** Saboteurs of nodes: what single paths to their data leave out, and what filters and quorums get wrong. */
import { inside, type Saboteur } from './saboteur.ts';

export const nodeData: readonly Saboteur[] = [
  inside(
    'data/threshold-in-32-bits',
    'block-set-write-threshold',
    'cuts write thresholds to 32 bits',
    'commands/block-set-write-threshold',
    [
      "setWriteThreshold(args['write-threshold'])",
      "setWriteThreshold(Number(BigInt.asUintN(32, BigInt(args['write-threshold']))))",
    ],
  ),
  inside(
    'data/raw-status-misplaced',
    'BlockdevOptionsRaw',
    'takes for holes and data of raw what the file has at the same place without the offset',
    'drivers/raw-format',
    [
      'blockStatus: (offset, length) => file.blockStatus(host(offset), length)',
      'blockStatus: (offset, length) => file.blockStatus(offset, length)',
    ],
  ),
  inside(
    'bitmaps/misses-compressed',
    'block-dirty-bitmap-add',
    'does not track what is written compressed',
    'graph/block-io',
    [
      'await this.#modify(offset, data.length, () => compress.call(this.#state, offset, data));',
      'await this.requests.inOrder(offset, offset + data.length, true, () => compress.call(this.#state, offset, data));\n        this.#changes += 1;',
    ],
  ),
  inside(
    'drivers/quorum-child-unused',
    'x-blockdev-change',
    'lists a child that was added to a quorum, and neither reads nor writes it',
    'graph/change-children',
    ['children.add(name, edge);', ';'],
  ),
  inside(
    'drivers/quorum-children-share-rate',
    'QUORUM_REPORT_BAD',
    'holds reports of one bad child back for those of another',
    'monitor/event-rate',
    ["QUORUM_REPORT_BAD: { subject: 'node-name' }", 'QUORUM_REPORT_BAD: {}'],
  ),
  inside(
    'drivers/blkdebug-max-write-zero-ignored',
    'BlockdevOptionsBlkdebug',
    'writes zeroes in one request however small max-write-zero is',
    'drivers/blkdebug/blkdebug-limits',
    ["maxZero: checked('max-write-zero', zeroUnit),", "maxZero: checked('max-write-zero', zeroUnit) && 0,"],
  ),
  inside(
    'drivers/replication-secondary-alone',
    'BlockdevOptionsReplication',
    'takes the secondary side without top-id',
    'drivers/replication',
    ["if (options.mode === 'secondary' && options['top-id'] === undefined)", 'if (false)'],
  ),
  inside(
    'drivers/nbd-flush-kept',
    'BlockdevOptionsNbd',
    'does not pass flushes on to the server of an nbd node',
    'drivers/nbd/nbd-driver',
    ['if (this.#can(ExportFlag.sendFlush))', 'if (false)'],
  ),
  inside(
    'data/threshold-by-drive',
    'block-set-write-threshold',
    'takes the name of a drive for that of its node',
    'commands/block-set-write-threshold',
    ['block.graph.find(name)', '(block.graph.devices.medium(name) ?? block.graph.find(name))'],
  ),
  inside(
    'drivers/blkdebug-opt-write-zero-ignored',
    'BlockdevOptionsBlkdebug',
    'writes parts of units as zeroes whatever opt-write-zero says',
    'drivers/blkdebug/blkdebug-limits',
    ["zeroAlignment: checked('opt-write-zero', unit)", "zeroAlignment: checked('opt-write-zero', unit) && 0"],
  ),
  inside(
    'drivers/blkdebug-max-discard-ignored',
    'BlockdevOptionsBlkdebug',
    'discards in one request however small max-discard is',
    'drivers/blkdebug/blkdebug-limits',
    [
      "maxDiscard: checked('max-discard', discardUnit)",
      "maxDiscard: checked('max-discard', discardUnit) && 0",
    ],
  ),
  inside(
    'drivers/blkdebug-discard-spared',
    'BlkdebugInjectErrorOptions',
    'injects no errors into discards',
    'drivers/blkdebug/index',
    ['discard: struck((_, length) => length, below.discard)', 'discard: below.discard'],
  ),
  inside(
    'drivers/quorum-fifo-as-write',
    'QUORUM_REPORT_BAD',
    'tells failed reads with read-pattern fifo as writes',
    'drivers/quorum/index',
    ['type: request.kind', "type: this.#settings.fifo ? 'write' : request.kind"],
  ),
  inside(
    'drivers/quorum-sectors-of-length',
    'QUORUM_REPORT_BAD',
    'counts the sectors of a request from its length alone',
    'drivers/quorum/index',
    [
      "'sectors-count': Math.ceil((offset + length) / SECTOR) - start",
      "'sectors-count': Math.ceil(length / SECTOR)",
    ],
  ),
  inside(
    'drivers/blkverify-first-sector',
    'BlockdevOptionsBlkverify',
    'compares the first sector of each read',
    'drivers/blkverify',
    ['buffer.findIndex((byte, index) => byte', 'buffer.findIndex((byte, index) => index < 512 && byte'],
  ),
  inside(
    'data/cut-off-cluster-as-data',
    'BlockdevDetectZeroesOptions',
    'writes zeroes as data into a last cluster that ends with the image within it',
    'drivers/qcow2/zeroing',
    [
      'const last = end >= image.size ? Math.ceil(end / clusterSize) : Math.floor(end / clusterSize);\n    if (first >= last)',
      'const last = Math.floor(end / clusterSize);\n    if (first >= last)',
    ],
  ),
  inside(
    'data/cut-off-cluster-kept',
    'BlockdevDiscardOptions',
    'keeps a last cluster in use that ends with the image within it and is discarded',
    'drivers/qcow2/zeroing',
    [
      'const last = end >= image.size ? Math.ceil(end / clusterSize) : Math.floor(end / clusterSize);\n    if (first < last)',
      'const last = Math.floor(end / clusterSize);\n    if (first < last)',
    ],
  ),
  inside(
    'data/zeroes-tail-kept',
    'BlockdevOptionsQcow2',
    'leaves what a write of zeroes covers of its last cluster, behind whole ones',
    'drivers/qcow2/zeroing',
    ['await writeZeroData(image, last * clusterSize, end);', ''],
  ),
  inside(
    'drivers/verify-against-itself',
    'BlockdevOptionsBlkverify',
    'compares raw with itself where test cannot be opened',
    'drivers/blkverify',
    [
      "const test = await child('test');",
      "const test = await child('test').catch(() => Object.create(raw));",
    ],
  ),
];
