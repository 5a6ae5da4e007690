/** Saboteurs of media later in the life of a drive: plugged, exported, refused by other controllers, failing. */
import { inside, type Saboteur } from './saboteur.ts';

const EXCHANGE = 'devices/exchange-media';
const DEVICE = 'devices/guest-device';
const REQUESTS = 'backend/guest-requests';
const PLUG = 'devices/plug-in';
const NOT_REMOVABLE = 'if (device && !device.removable)';
const TRAY =
  "device.tray = new Tray((open) => services.emit('DEVICE_TRAY_MOVED', { device: backend.name, id: device.name, 'tray-open': open }));";

export const lateMedia: readonly Saboteur[] = [
  inside('late-media/virtio-ejected', 'eject', 'exchanges media of virtio disks', EXCHANGE, [
    NOT_REMOVABLE,
    "if (device && !device.removable && !device.modelName.startsWith('virtio'))",
  ]),
  inside('late-media/usb-ejected', 'eject', 'exchanges media of USB disks that are not removable', EXCHANGE, [
    NOT_REMOVABLE,
    "if (device && !device.removable && device.modelName !== 'scsi-disk')",
  ]),
  inside(
    'late-media/insert-exported',
    'blockdev-insert-medium',
    'takes a node that only an export uses',
    EXCHANGE,
    ['if (roots(node).length > 0)', "if (roots(node).some(({ user }) => 'device' in user))"],
  ),
  inside(
    'late-media/plugged-untold',
    'DEVICE_TRAY_MOVED',
    'tells nothing of trays that came when the machine was there',
    PLUG,
    [
      TRAY,
      "device.tray = new Tray((open) => device.identity.hotplugged || services.emit('DEVICE_TRAY_MOVED', { device: backend.name, id: device.name, 'tray-open': open }));",
    ],
  ),
  inside(
    'late-media/url-names',
    'blockdev-change-medium',
    'takes a name that begins with a protocol for one of a file',
    EXCHANGE,
    [
      'const readOnly = readOnlyMode ===',
      "if (/^[a-z+]+:/.test(filename))\n        throw new CommandError('No such file or directory');\n    const readOnly = readOnlyMode ===",
    ],
  ),
  inside(
    'late-media/no-medium-ok',
    'BlockDeviceIoStatus',
    'leaves the io-status ok of a drive that stopped for want of a medium',
    REQUESTS,
    ["if (this.#status === 'ok')", "if (this.#status === 'ok' && error.code !== 'ENOMEDIUM')"],
  ),
  inside(
    'late-media/change-keeps-node',
    'blockdev-change-medium',
    'keeps a node that a client added in use once it was exchanged',
    EXCHANGE,
    [
      'insert(backend, node, true);\n        closeTray(drive);',
      'insert(backend, node, true);\n        if (former?.monitorOwned)\n            graph.addRoot(former, { perm: 0, sharedPerm: 7 }, backend);\n        closeTray(drive);',
    ],
  ),
  inside(
    'late-media/eject-deletes-node',
    'eject',
    'deletes a node that a client added when it is ejected',
    EXCHANGE,
    [
      'openUnlocked(drive, force);\n    await removeMedium(drive, graph);',
      'openUnlocked(drive, force);\n    drive.backend.node?.takeFromMonitor();\n    await removeMedium(drive, graph);',
    ],
  ),
  inside(
    'late-media/change-deletes-node',
    'blockdev-change-medium',
    'deletes a node that a client added when it is exchanged',
    EXCHANGE,
    [
      'openUnlocked(drive, false);\n        await',
      'openUnlocked(drive, false);\n        former?.takeFromMonitor();\n        await',
    ],
  ),
  inside(
    'late-media/read-only-exchanged',
    'blockdev-change-medium',
    'gives a disk that writes an image that is read-only',
    DEVICE,
    ["return disk?.medium !== 'fixed';", 'return true;'],
  ),
  inside(
    'late-media/read-only-inserted',
    'blockdev-insert-medium',
    'lets a disk that writes take a node that is read-only',
    DEVICE,
    ['return this.#hadMedium && (disk?.adaptsToMedia ?? false);', 'return this.#hadMedium;'],
  ),
  inside(
    'late-media/once-read-only',
    'blockdev-change-medium',
    'gives a drive no image that can be written once it had one that cannot',
    EXCHANGE,
    [
      "readOnlyMode === 'retain' ? like.readOnly : readOnlyMode === 'read-only'",
      "like.readOnly || readOnlyMode === 'read-only'",
    ],
  ),
];
