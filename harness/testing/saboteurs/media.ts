/** Saboteurs of media and trays: how they are exchanged, and what is told of it. */
import { inside, type Saboteur } from './saboteur.ts';

export const media: readonly Saboteur[] = [
  inside(
    'media/tray-of-device',
    'DEVICE_TRAY_MOVED',
    'tells the guest device of a tray as the drive',
    'devices/plug-in',
    ['{ device: backend.name, id: device.name,', '{ device: device.name, id: device.name,'],
  ),
  inside(
    'media/retained-writable',
    'BlockdevChangeReadOnlyMode',
    'opens a new medium writable with read-only-mode retain',
    'devices/exchange-media',
    [
      "readOnlyMode === 'retain' ? like.readOnly : readOnlyMode === 'read-only'",
      "readOnlyMode === 'read-only'",
    ],
  ),
  inside(
    'media/taken-out-first',
    'blockdev-change-medium',
    'takes the old medium out before the new one is opened',
    'devices/exchange-media',
    [
      'const node = await openImage(backend, graph, image);\n    const former = backend.node;\n    const wasOpen = backend.device?.tray?.open;',
      'const former = backend.node;\n    const wasOpen = backend.device?.tray?.open;\n    openUnlocked(drive, false);\n    await removeMedium(drive, graph);\n    const node = await openImage(backend, graph, image);',
    ],
  ),
  inside(
    'media/node-goes-with-medium',
    'blockdev-remove-medium',
    'deletes the node that a client added when it is taken out of a drive',
    'backend/block-backend',
    [
      'await this.#graph.releaseUnused(root.node);',
      'root.node.takeFromMonitor();\n        await this.#graph.releaseUnused(root.node);',
    ],
  ),
  inside(
    'media/change-probes',
    'change',
    'probes the format of the new medium whatever arg says',
    'commands/change',
    ['{ filename: target, format, readOnlyMode:', '{ filename: target, readOnlyMode:'],
  ),
  inside('media/always-removable', 'BlockInfo', 'shows every device as removable', 'backend/query-backends', [
    'removable: device?.removable ?? true,',
    'removable: true,',
  ]),
];
