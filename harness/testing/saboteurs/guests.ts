/** Saboteurs of guest devices: who uses their nodes, and errors, policies and statistics of their requests. */
import { inside, type Saboteur } from './saboteur.ts';

const REQUESTS = 'backend/guest-requests';
const AVERAGE = 'backend/timed-average';
const DEVICE = 'devices/guest-device';

export const guests: readonly Saboteur[] = [
  inside('guests/error-of-child', 'BLOCK_IO_ERROR', 'names the child of the node that failed', REQUESTS, [
    "'node-name': node.name }",
    "'node-name': node.child('file')?.node.name ?? node.name }",
  ]),
  inside(
    'guests/error-by-device',
    'BLOCK_IO_ERROR',
    'names the node where there is no drive name',
    REQUESTS,
    ['device: this.#backend.name,', "device: this.#backend.name || (node?.name ?? ''),"],
  ),
  inside('guests/error-of-reads', 'BLOCK_IO_ERROR', 'tells every error as one of a read', REQUESTS, [
    'operation,\n            action,',
    "operation: 'read',\n            action,",
  ]),
  inside('guests/ignored-untold', 'BLOCK_IO_ERROR', 'does not tell errors that are ignored', REQUESTS, [
    'this.#tell(type, action, error);',
    "if (action !== 'ignore') this.#tell(type, action, error);",
  ]),
  inside('guests/nospace-always', 'BLOCK_IO_ERROR', 'tells nospace where there is no io-status', REQUESTS, [
    'this.ioStatus === undefined ? {} : {',
    'false ? {} : {',
  ]),
  inside('guests/nospace-inverted', 'BLOCK_IO_ERROR', 'tells nospace of errors but ENOSPC', REQUESTS, [
    "nospace: error.code === 'ENOSPC'",
    "nospace: error.code !== 'ENOSPC'",
  ]),
  inside(
    'guests/policies-swapped',
    'BLOCK_IO_ERROR',
    'meets errors of writes by the policy of reads',
    REQUESTS,
    [
      "return type === 'read' ? settings.onReadError : settings.onWriteError;",
      'return settings.onReadError;',
    ],
  ),
  inside(
    'guests/device-policy-ignored',
    'BLOCK_IO_ERROR',
    'does not heed the policies of devices',
    REQUESTS,
    ["if (own !== 'auto')", 'if (false)'],
  ),
  inside('guests/not-again', 'cont', 'fails a request for good that stopped the machine', REQUESTS, [
    'go(true);',
    'go(false);',
  ]),
  inside('guests/runs-on', 'BLOCK_IO_ERROR', 'does not stop the machine for an error', REQUESTS, [
    'this.#machine.stopForIoError();',
    ';',
  ]),
  inside(
    'guests/status-stays',
    'BlockDeviceIoStatus',
    'keeps the io-status when the machine goes on',
    REQUESTS,
    ["#resume() {\n        this.#status = 'ok';", '#resume() {'],
  ),
  inside(
    'guests/status-failed',
    'BlockDeviceIoStatus',
    'has the io-status failed for want of space',
    REQUESTS,
    ["error.code === 'ENOSPC' ? 'nospace' : 'failed'", "'failed'"],
  ),
  inside('guests/reported-as-done', 'BlockDeviceStats', 'counts reported errors as done', REQUESTS, [
    'request?.failed(now());',
    'request?.done(now());',
  ]),
  inside('guests/invalid-as-failed', 'BlockDeviceStats', 'counts invalid requests as failed', REQUESTS, [
    'this.#backend.accounting.invalid(operation, this.#services.guestClock.now());',
    'this.#backend.accounting.begin(operation, 0, 0n).failed(this.#services.guestClock.now());',
  ]),
  inside('guests/paused-for-error', 'query-status', 'is paused after an I/O error', 'devices/run-state', [
    "this.#halt('io-error');",
    "this.#halt('paused');",
  ]),
  inside(
    'guests/average-of-extremes',
    'BlockDeviceTimedStats',
    'has the highest latency for the average',
    AVERAGE,
    ['sum / count', 'max'],
  ),
  inside('guests/least-is-zero', 'BlockDeviceTimedStats', 'has 0 for the lowest latency', AVERAGE, [
    'window.count === 0n || value < window.min ? value : window.min',
    '0n',
  ]),
  inside(
    'guests/interval-for-ever',
    'BlockDeviceTimedStats',
    'never forgets what is older than an interval',
    AVERAGE,
    ['if (window.expires > now)', 'if (window.expires !== now)'],
  ),
  inside(
    'guests/depth-of-one',
    'BlockDeviceTimedStats',
    'has the depth of one request for that of all',
    'backend/accounting',
    ['Number(sum) / Number(elapsed)', 'Number(average) / Number(elapsed)'],
  ),
  inside(
    'guests/first-tried-again',
    'cont',
    'tries only the requests of the first of several devices again that stopped the machine',
    'devices/run-state',
    ['of this.#onResume)', 'of [...this.#onResume].slice(0, 1))'],
  ),
  {
    id: 'guests/error-after-stop',
    definition: 'BLOCK_IO_ERROR',
    breaks: 'tells that the machine stopped before the error that stopped it',
    changes: [
      {
        file: REQUESTS,
        find: 'this.#tell(type, action, error);',
        put: "const stopped = action === 'stop' && this.#stop(error);\n                this.#tell(type, action, error);",
      },
      { file: REQUESTS, find: 'if (!(await this.#stop(error)))', put: 'if (!(await stopped))' },
    ],
  },
  inside(
    'guests/writethrough-unflushed',
    'BlockdevCacheInfo',
    'does not flush what guests write to a drive that is shown as writethrough',
    REQUESTS,
    ['const flags = { fua: fua || !this.#backend.settings.writeback };', 'const flags = { fua };'],
  ),
  inside(
    'guests/capacity-in-blocks',
    'BlockInfo',
    'tells the guest of a CD drive the number of blocks for the last of them',
    'devices/ide/packet-commands',
    ['data.writeUInt32BE(drive.medium.blocks - 1, 0);', 'data.writeUInt32BE(drive.medium.blocks, 0);'],
  ),
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
    'backend/block-backend',
    ['catch (error) {\n            this.#device = undefined;', 'catch (error) {'],
  ),
  inside(
    'devices/refused-drive-stays',
    'BlockInfo',
    'keeps the drive of a device that was refused for its node',
    'devices/plug-in',
    ["if (backend.name === '')\n                await this.#registry.block.backends.remove(backend);", ';'],
  ),
  inside(
    'guests/flushes-as-reads',
    'BLOCK_IO_ERROR',
    'meets failed flushes by the policy of reads',
    REQUESTS,
    ["type: 'write', operation: 'flush'", "type: 'read', operation: 'flush'"],
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
    'guests/made-again-after-reset',
    'cont',
    'makes requests again that a reset of the machine gave up',
    'devices/device-registry',
    ['io?.reset();', ';'],
  ),
  inside(
    'guests/cache-of-drive-kept',
    'BlockdevCacheInfo',
    'leaves the write cache of a drive as it was opened, whatever its guest switches',
    'devices/ide/ide-units',
    ['backend.writeback = isOn;', ';'],
  ),
  inside(
    'guests/switched-off-unflushed',
    'BlockdevCacheOptions',
    'does not flush the write cache of a disk that its guest switches off',
    'devices/ide/ata-commands',
    [
      'disk.backing.writeCache = false;\n        disk.flush();',
      'disk.backing.writeCache = false;\n        disk.finish();',
    ],
  ),
  inside(
    'guests/cache-of-cd-kept',
    'BlockdevCacheInfo',
    'leaves the write cache of a CD drive on that its guest switches off',
    'devices/ide/atapi-drive',
    ['this.backing.writeCache = false;', ';'],
  ),
  inside(
    'guests/cd-unflushed',
    'BlockdevCacheOptions',
    'takes the feature that switches the write cache of a CD drive off as one that changes nothing',
    'devices/ide/atapi-drive',
    ['if (feature !== FEATURES.writeCacheOff)', 'if (true)'],
  ),
  inside(
    'guests/flush-without-medium-untold',
    'BLOCK_IO_ERROR',
    'tells nobody but the guest of a flush that finds no medium',
    REQUESTS,
    ['if (!onlyGuest)', "if (!onlyGuest && error.code !== 'ENOMEDIUM')"],
  ),
  inside(
    'guests/error-without-empty-drive',
    'BLOCK_IO_ERROR',
    'leaves the name of a drive without medium out',
    REQUESTS,
    ['device: this.#backend.name,', "device: node ? this.#backend.name : '',"],
  ),
  inside('guests/open-tray-flushed', 'BLOCK_IO_ERROR', 'flushes the medium of an open tray', REQUESTS, [
    '!node || device?.tray?.open',
    '!node',
  ]),
  inside(
    'guests/empty-node-name',
    'BLOCK_IO_ERROR',
    'tells a node-name without text where a drive is empty',
    REQUESTS,
    ["...(node && { 'node-name': node.name })", "'node-name': node?.name ?? ''"],
  ),
  inside(
    'guests/no-medium-as-bad-block',
    'BlockInfo',
    'tells the guest of a CD drive a bad block where the medium went out of reach',
    'devices/ide/packet-commands',
    ["result.errno === 'ENOMEDIUM' ? Senses.noMedium : Senses.readFailed", 'Senses.readFailed'],
  ),
  inside(
    'guests/word-beside-data',
    'BlockInfo',
    'takes a word that is written to the register behind the data port as one value for that register',
    'devices/machine/pc',
    ['ports.map(registers, 1, channel, 4);', 'ports.map(registers, 2, channel, 4);'],
  ),
  inside(
    'guests/long-split',
    'BlockInfo',
    'takes four bytes that are written at once to registers of one byte',
    'devices/machine/port-space',
    ['return size === 4 && place?.widest === 1;', 'return false;'],
  ),
  inside(
    'guests/reset-keeps-pause',
    'query-status',
    'tells a machine that was reset as paused, or stopped by an error',
    'commands/system-reset',
    ['context.run.reset();', ';'],
  ),
  inside(
    'guests/first-of-leaving',
    'BlockInfo',
    'lets a reset take away only the first of several devices that were asked to go',
    'devices/device-registry',
    [
      'this.devices.filter(({ leaving }) => leaving))',
      'this.devices.filter(({ leaving }) => leaving).slice(0, 1))',
    ],
  ),
];
