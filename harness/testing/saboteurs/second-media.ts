/** Saboteurs of trays and media in second situations: another name, controller or state of the tray. */
import { inside, type Saboteur } from './saboteur.ts';

const EXCHANGE = 'devices/exchange-media';
const REGISTRY = 'devices/device-registry';
const TRAY = 'devices/tray';
const PLUG = 'devices/plug-in';
const OPEN = 'commands/blockdev-open-tray';
const CLOSE = 'commands/blockdev-close-tray';
const INSERT = 'commands/blockdev-insert-medium';
const REMOVE = 'commands/blockdev-remove-medium';
const CHANGE = 'commands/blockdev-change-medium';

const OPEN_ALREADY = 'if (!device?.tray || device.tray.open)\n        return true;';

export const secondMedia: readonly Saboteur[] = [
  inside('trays/named-force', 'blockdev-open-tray', 'does not heed force where the drive is named', OPEN, [
    'openTray(devices.drive(device, id), force)',
    'openTray(devices.drive(device, id), force && id !== undefined)',
  ]),
  inside('trays/named-unlocked', 'blockdev-open-tray', 'opens a locked tray where the drive is named', OPEN, [
    'openTray(devices.drive(device, id), force)',
    'openTray(devices.drive(device, id), force || device !== undefined)',
  ]),
  inside('trays/force-again', 'blockdev-open-tray', 'moves an open tray again with force', EXCHANGE, [
    OPEN_ALREADY,
    'if (device?.tray?.open && force) {\n        device.mediumChanged(true);\n        device.mediumChanged(false);\n    }\n    if (!device?.tray || device.tray.open)\n        return true;',
  ]),
  inside('trays/force-without-tray', 'blockdev-open-tray', 'refuses force where there is no tray', EXCHANGE, [
    OPEN_ALREADY,
    "if (force && !device?.tray)\n        throw new CommandError('no tray');\n    if (!device?.tray || device.tray.open)\n        return true;",
  ]),
  inside('trays/empty-lock', 'blockdev-open-tray', 'opens a locked tray that is empty', EXCHANGE, [
    'const { locked } = device.tray;',
    'const locked = device.tray.locked && backend.node !== undefined;',
  ]),
  inside(
    'trays/close-unlocks',
    'blockdev-open-tray',
    'unlocks a tray that is closed by a command',
    EXCHANGE,
    [
      'if (backend.device?.tray?.open)\n        backend.device.mediumChanged(true);',
      'if (backend.device?.tray?.open) {\n        backend.device.tray.unlock();\n        backend.device.mediumChanged(true);\n    }',
    ],
  ),
  inside(
    'trays/node-for-drive',
    'blockdev-open-tray',
    'takes the name of a node for that of its drive',
    REGISTRY,
    [
      'const backend = this.block.backends.find(device);',
      "const backend = this.block.backends.find(device) ?? (device === '' ? undefined : this.block.backends.all.find(({ node }) => node?.name === device));",
    ],
  ),
  inside(
    'trays/id-for-drive',
    'blockdev-open-tray',
    'takes the id of a device for the name of a drive that has one',
    REGISTRY,
    [
      'const backend = this.block.backends.find(device);',
      "const backend = this.block.backends.find(device) ?? this.block.backends.all.find((one) => one.name === '' && one.device?.name === device);",
    ],
  ),
  inside(
    'trays/node-for-id',
    'blockdev-open-tray',
    'takes the name of a node for the id of its device',
    REGISTRY,
    [
      'const { backend } = this.find(id);',
      'const { backend } = { backend: this.block.backends.all.find(({ node }) => node?.name === id) ?? this.find(id).backend };',
    ],
  ),
  inside(
    'trays/paths-unknown',
    'blockdev-open-tray',
    'does not know the QOM paths of devices without id',
    REGISTRY,
    [
      'const { backend } = this.find(id);',
      "if (id.includes('-anon')) throw new CommandError('not found', 'DeviceNotFound');\n        const { backend } = this.find(id);",
    ],
  ),
  inside(
    'trays/both-id-wins',
    'blockdev-close-tray',
    'takes two names where they are those of two drives',
    REGISTRY,
    [
      'if ((device === undefined) === (id === undefined))',
      "if ((device === undefined) === (id === undefined) && this.block.backends.find(device ?? '') === this.#resolve(id ?? '')?.backend)",
    ],
  ),
  inside(
    'trays/without-backend-opened',
    'blockdev-open-tray',
    'opens the tray of a device that has no drive',
    OPEN,
    [
      'openTray(devices.drive(device, id), force);',
      'if (id !== undefined && !devices.find(id).backend) return {};\n    openTray(devices.drive(device, id), force);',
    ],
  ),
  inside(
    'trays/without-backend-closed',
    'blockdev-close-tray',
    'closes the tray of a device that has no drive',
    CLOSE,
    [
      'closeTray(devices.drive(device, id));',
      'if (id !== undefined && !devices.find(id).backend) return {};\n    closeTray(devices.drive(device, id));',
    ],
  ),
  inside(
    'trays/floppy-change-told',
    'blockdev-open-tray',
    'tells that a tray moved where the disk of a floppy drive is exchanged',
    EXCHANGE,
    [
      'insert(backend, node, true);\n        closeTray(drive);',
      "insert(backend, node, true);\n        if (backend.device && !backend.device.tray) graph.services.emit('DEVICE_TRAY_MOVED', { device: backend.name, id: backend.device.name, 'tray-open': false });\n        closeTray(drive);",
    ],
  ),
  inside(
    'trays/floppy-eject-told',
    'blockdev-open-tray',
    'tells that a tray moved where a floppy disk is ejected',
    EXCHANGE,
    [
      'openUnlocked(drive, force);\n    await removeMedium(drive, graph);',
      "openUnlocked(drive, force);\n    await removeMedium(drive, graph);\n    if (drive.backend.device && !drive.backend.device.tray) graph.services.emit('DEVICE_TRAY_MOVED', { device: drive.backend.name, id: drive.backend.device.name, 'tray-open': true });",
    ],
  ),
  inside(
    'trays/bare-eject-told',
    'blockdev-open-tray',
    'tells that a tray moved where a drive without device is ejected',
    EXCHANGE,
    [
      'openUnlocked(drive, force);\n    await removeMedium(drive, graph);',
      "openUnlocked(drive, force);\n    await removeMedium(drive, graph);\n    if (!drive.backend.device) graph.services.emit('DEVICE_TRAY_MOVED', { device: drive.backend.name, id: '', 'tray-open': true });",
    ],
  ),
  inside('trays/guest-tells-twice', 'DEVICE_TRAY_MOVED', 'tells each wish of a guest to move a tray', TRAY, [
    'if (open === this.#open)\n            return;',
    '',
  ]),
  inside('trays/anonymous-no-id', 'DEVICE_TRAY_MOVED', 'tells no id of a device that has none', PLUG, [
    'id: device.name, ',
    "id: device.id ?? '', ",
  ]),
  inside('trays/deleted-name-told', 'DEVICE_TRAY_MOVED', 'tells the name of a drive that was deleted', PLUG, [
    '{ device: backend.name, id',
    '{ device: backend.id, id',
  ]),
  inside(
    'trays/insert-scsi-closed',
    'blockdev-insert-medium',
    'puts a medium into the closed tray of a SCSI drive',
    EXCHANGE,
    [
      "if (backend.device?.tray && !backend.device.tray.open)\n        throw new CommandError('Tray of the device",
      "if (backend.device?.tray && !backend.device.tray.open && backend.device.modelName !== 'scsi-cd')\n        throw new CommandError('Tray of the device",
    ],
  ),
  inside(
    'trays/remove-scsi-closed',
    'blockdev-remove-medium',
    'takes the medium out of the closed tray of a SCSI drive',
    EXCHANGE,
    [
      'if (backend.device?.tray && !backend.device.tray.open)\n        throw new CommandError(`Tray',
      "if (backend.device?.tray && !backend.device.tray.open && backend.device.modelName !== 'scsi-cd')\n        throw new CommandError(`Tray",
    ],
  ),
  inside(
    'trays/floppy-replaced',
    'blockdev-insert-medium',
    'puts a second disk into a floppy drive',
    INSERT,
    [
      '= (args, { block, devices }) => {\n    const backend = devices.backendOf(args.id);',
      '= async (args, { block, devices }) => {\n    const backend = devices.backendOf(args.id);\n    if (backend.node && !backend.device?.tray) await backend.eject();',
    ],
  ),
  inside(
    'trays/insert-used-by-empty',
    'blockdev-insert-medium',
    'takes a node that a drive without device has',
    EXCHANGE,
    [
      'if (roots(node).length > 0)',
      "if (roots(node).some((user) => !('device' in (user.user ?? user)) || (user.user ?? user).device))",
    ],
  ),
  inside(
    'trays/remove-locked',
    'blockdev-remove-medium',
    'keeps the medium in an open tray that is locked',
    EXCHANGE,
    [
      'if (!backend.node)\n        return;\n    graph.assert',
      "if (backend.device?.tray?.locked)\n        throw new CommandError('locked');\n    if (!backend.node)\n        return;\n    graph.assert",
    ],
  ),
  inside('trays/eject-open-locked', 'eject', 'ejects nothing from an open tray that is locked', EXCHANGE, [
    OPEN_ALREADY,
    'if (!device?.tray || (device.tray.open && !device.tray.locked))\n        return true;',
  ]),
  inside(
    'trays/change-keeps-driver',
    'blockdev-change-medium',
    'takes for the format of the new medium that of the last one',
    CHANGE,
    [
      '{ filename, format, readOnlyMode }',
      '{ filename, format: format ?? devices.drive(device, id).backend.node?.driverName, readOnlyMode }',
    ],
  ),
  inside(
    'trays/empty-unmoved',
    'blockdev-change-medium',
    'does not move the tray of an empty drive',
    EXCHANGE,
    [
      'openUnlocked(drive, false);\n        await removeMedium(drive, graph);\n        insert(backend, node, true);\n        closeTray(drive);',
      'if (backend.node) {\n            openUnlocked(drive, false);\n            await removeMedium(drive, graph);\n        }\n        insert(backend, node, true);\n        closeTray(drive);',
    ],
  ),
  inside(
    'trays/empty-opened-first',
    'blockdev-change-medium',
    'opens the tray of an empty drive before it has the image',
    EXCHANGE,
    [
      'const node = await openImage(backend, graph, image);',
      'if (!backend.node) openUnlocked(drive, false);\n    const node = await openImage(backend, graph, image);',
    ],
  ),
  inside(
    'trays/cd-always-read-only',
    'BlockdevChangeReadOnlyMode',
    'opens each medium of a CD drive read-only',
    EXCHANGE,
    [
      "const readOnly = readOnlyMode === 'retain'",
      "const readOnly = arguments[0].device?.modelName?.endsWith('-cd') || readOnlyMode === 'retain'",
    ],
  ),
  inside('trays/change-forces', 'change', 'exchanges the medium of a locked drive', 'commands/change', [
    'const drive = devices.drive(device, undefined);',
    'const drive = devices.drive(device, undefined);\n    drive.backend.device?.tray?.unlock();',
  ]),
  inside(
    'trays/change-any-name',
    'change',
    'takes the id of a device for the name of its drive',
    'commands/change',
    [
      'const drive = devices.drive(device, undefined);',
      'const drive = block.backends.find(device) ? devices.drive(device, undefined) : devices.drive(undefined, device);',
    ],
  ),
  inside('trays/change-fixed', 'change', 'exchanges the medium of a disk', 'commands/change', [
    'const drive = devices.drive(device, undefined);',
    'const drive = devices.drive(device, undefined);\n    if (drive.backend.device && !drive.backend.device.removable) return {};',
  ]),
  inside('trays/empty-eject-refused', 'eject', 'refuses to eject from an empty drive', EXCHANGE, [
    'openUnlocked(drive, force);\n    await removeMedium(drive, graph);',
    "if (!drive.backend.node) throw new CommandError('no medium');\n    openUnlocked(drive, force);\n    await removeMedium(drive, graph);",
  ]),
  inside('trays/eject-empty-unmoved', 'eject', 'leaves the tray of an empty drive closed', EXCHANGE, [
    'openUnlocked(drive, force);\n    await removeMedium(drive, graph);',
    'if (!drive.backend.node) return;\n    openUnlocked(drive, force);\n    await removeMedium(drive, graph);',
  ]),
  inside('trays/eject-scsi-closes', 'eject', 'closes the tray again where the drive is on SCSI', EXCHANGE, [
    'openUnlocked(drive, force);\n    await removeMedium(drive, graph);',
    "openUnlocked(drive, force);\n    await removeMedium(drive, graph);\n    if (drive.backend.device?.modelName === 'scsi-cd') closeTray(drive);",
  ]),
  inside('trays/remove-by-drive', 'blockdev-remove-medium', 'takes the name of a drive for an id', REMOVE, [
    'devices.drive(undefined, id)',
    'devices.drive(block.backends.find(id) ? id : undefined, block.backends.find(id) ? undefined : id)',
  ]),
];
