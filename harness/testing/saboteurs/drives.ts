/** Saboteurs of drives: limits, statistics, media, and what guests get. */
import { inside, type Saboteur } from './saboteur.ts';

const ACCOUNTING = 'backend/accounting';
const REQUESTS = 'backend/guest-requests';

export const drives: readonly Saboteur[] = [
  inside(
    'statistics/latencies-of-all',
    'BlockDeviceTimedStats',
    'keeps the latencies of reads, writes and flushes of an interval together',
    ACCOUNTING,
    [
      'latencies: { rd: average(seconds), wr: average(seconds), flush: average(seconds) },',
      'latencies: ((all) => ({ rd: all, wr: all, flush: all }))(average(seconds)),',
    ],
  ),
  inside(
    'statistics/lost-with-medium',
    'BlockDeviceStats',
    'begins to count anew when a drive gets another medium',
    'backend/block-backend',
    [
      'this.#root = this.#graph.addRoot(node, permissions, this);',
      'this.accounting = new Accounting();\n        this.#root = this.#graph.addRoot(node, permissions, this);',
    ],
  ),
  inside(
    'limits/held-as-before',
    'block_set_io_throttle',
    'lets requests that are held wait as the former limits want',
    'throttle/throttle-group',
    ['this.#leaked = this.#clock.now();\n        this.pump();', 'this.#leaked = this.#clock.now();'],
  ),
  inside(
    'limits/group-of-drive-ignored',
    'BlockDeviceInfo',
    'gives each drive that starts with a throttle group one of its own',
    'options/drive',
    ['backend.setLimits(limits.config, limits.group);', 'backend.setLimits(limits.config);'],
  ),
  inside(
    'media/mode-forgotten-with-medium',
    'BlockdevChangeReadOnlyMode',
    'opens the next medium of a read-only drive writable where the last one was taken out before',
    'backend/block-backend',
    ['this.mediumOptions = { ...root.node.options, readOnly: root.node.readOnly };', ';'],
  ),
  inside(
    'media/human-change-retains',
    'BlockdevChangeReadOnlyMode',
    'does not heed the read-only mode of the human command change',
    'monitor/hmp/hmp-drives',
    ["{ device, filename, format, 'read-only-mode': mode }", '{ device, filename, format }'],
  ),
  inside(
    'replies/qdev-by-id-only',
    'BlockInfo',
    'tells no qdev of a guest device without an id',
    'backend/query-backends',
    ['...(device && { qdev: device.name }),', '...(device?.id !== undefined && { qdev: device.id }),'],
  ),
  {
    id: 'guests/error-after-stop',
    definition: 'BLOCK_IO_ERROR',
    breaks: 'tells that the machine stopped before the error that stopped it',
    changes: [
      {
        file: REQUESTS,
        find: 'this.#tell(node, type, action, error);',
        put: "const stopped = action === 'stop' && this.#stop(error);\n                this.#tell(node, type, action, error);",
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
];
