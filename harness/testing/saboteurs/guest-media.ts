/** Saboteurs of guest devices: who shares their nodes, what is left of refused ones, what drives keep. */
import { inside, type Saboteur } from './saboteur.ts';

const BACKEND = 'backend/block-backend';
const REQUESTS = 'backend/guest-requests';
const EXCHANGE = 'devices/exchange-media';
const DEVICE = 'devices/guest-device';
const HUMAN = 'monitor/hmp/hmp-drives';

export const guestMedia: readonly Saboteur[] = [
  inside(
    'devices/share-rw-ignored',
    'BlockInfo',
    'lets nobody else write a node, whatever share-rw says',
    DEVICE,
    ["const isShared = this.identity.properties.get('share-rw') === true;", 'const isShared = false;'],
  ),
  inside('devices/always-shared', 'BlockInfo', 'lets others write the node of each device', DEVICE, [
    "const isShared = this.identity.properties.get('share-rw') === true;",
    'const isShared = true;',
  ]),
  inside(
    'devices/first-disk-for-ever',
    'blockdev-insert-medium',
    'takes floppies as writable ones that were there first',
    DEVICE,
    ['if (!loaded)\n            this.#hadMedium = true;', ';'],
  ),
  inside(
    'devices/refused-stays-user',
    'BlockInfo',
    'keeps a device that was refused as the user of its drive',
    BACKEND,
    ['catch (error) {\n            this.#device = undefined;', 'catch (error) {'],
  ),
  inside(
    'devices/refused-drive-stays',
    'BlockInfo',
    'keeps the drive of a device that was refused for its node',
    'devices/plug-in',
    ["if (backend.name === '')\n                await this.#registry.block.backends.remove(backend);", ';'],
  ),
  inside('media/forced-stays-locked', 'eject', 'keeps a tray locked that was forced open', DEVICE, [
    'if (force)\n            this.tray?.unlock();',
    ';',
  ]),
  inside('media/typed-without-force', 'eject', 'does not heed force where people type eject', HUMAN, [
    "force: flags.has('force')",
    'force: false',
  ]),
  inside('media/typed-forces', 'eject', 'forces each eject that people type', HUMAN, [
    "force: flags.has('force')",
    'force: true',
  ]),
  inside(
    'media/limits-go-along',
    'blockdev-change-medium',
    'lifts the limits of a drive with its medium',
    BACKEND,
    [
      'this.#root = undefined;\n        this.mediumOptions',
      'this.#root = undefined;\n        this.#leaveGroup();\n        this.mediumOptions',
    ],
  ),
  inside(
    'media/zeroes-undetected',
    'blockdev-change-medium',
    'does not look for zeroes in what is written to later media',
    EXCHANGE,
    ["'detect-zeroes': like.detectZeroes", "'detect-zeroes': 'off'"],
  ),
  inside(
    'media/caches-anew',
    'blockdev-change-medium',
    'opens later media with the usual cache mode',
    EXCHANGE,
    [
      'const named = { options: like, readOnly };',
      'const named = { options: { ...like, cache: { direct: false, noFlush: false } }, readOnly };',
    ],
  ),
  inside(
    'media/empty-drive-writable',
    'blockdev-change-medium',
    'opens the first medium of an empty read-only drive writable',
    'options/drive',
    ['cache, readOnly };', 'cache };'],
  ),
  inside(
    'guests/flushes-as-reads',
    'BLOCK_IO_ERROR',
    'meets failed flushes by the policy of reads',
    REQUESTS,
    ["this.#request('write', 'flush', 0,", "this.#request('read', 'flush', 0,"],
  ),
  inside(
    'guests/flush-failures-uncounted',
    'BlockDeviceStats',
    'does not tell flushes that failed',
    'backend/accounting',
    ['failed_flush_operations: flush.failed,', 'failed_flush_operations: 0,'],
  ),
  inside(
    'guests/stopped-as-failed',
    'BlockDeviceStats',
    'counts requests that stopped the machine as failed',
    REQUESTS,
    [
      'if (!(await this.#stop(error)))',
      'request?.failed(now());\n                if (!(await this.#stop(error)))',
    ],
  ),
  inside(
    'guests/paused-becomes-failed',
    'query-status',
    'tells a machine that stood already as stopped by an error',
    'devices/run-state',
    [
      "this.#halt('io-error');",
      "this.#status = this.#status === 'paused' ? 'io-error' : this.#status;\n        this.#halt('io-error');",
    ],
  ),
  inside(
    'limits/unnamed-together',
    'block_set_io_throttle',
    'puts drives without names into one group',
    'commands/block-set-io-throttle',
    ['backend.setLimits(config, args.group, name);', 'backend.setLimits(config, args.group);'],
  ),
  inside(
    'limits/group-of-gone-device',
    'block_set_io_throttle',
    'keeps the group of a device that has gone',
    BACKEND,
    ['async close() {\n        this.#leaveGroup();', 'async close() {'],
  ),
  inside(
    'limits/without-medium',
    'block_set_io_throttle',
    'limits a drive before it tells that it has no medium',
    'commands/block-set-io-throttle',
    [
      "if (!backend.node)\n        throw new CommandError('Device has no medium');",
      "if (!backend.node) {\n        backend.setLimits(throttleConfig({ 'bps-total': Number(args.bps) }), args.group, name);\n        throw new CommandError('Device has no medium');\n    }",
    ],
  ),
  inside(
    'media/deleted-keeps-name',
    'BlockInfo',
    'still names a drive that was deleted below its device',
    BACKEND,
    ["return this.#isDeleted ? '' : this.id;", 'return this.id;'],
  ),
  inside(
    'media/deleted-keeps-policies',
    'BlockInfo',
    'heeds the policies of a drive that was deleted below its device',
    REQUESTS,
    ['if (isDeleted)', 'if (false)'],
  ),
  inside(
    'media/refused-image-stays',
    'blockdev-change-medium',
    'keeps an image open that it did not exchange after all',
    EXCHANGE,
    ['await graph.releaseUnused(node);', ';'],
  ),
  inside(
    'guests/made-again-after-reset',
    'cont',
    'makes requests again that a reset of the machine gave up',
    'devices/device-registry',
    ['io?.reset();', ';'],
  ),
];
