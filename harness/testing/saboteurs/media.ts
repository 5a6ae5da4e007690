/** Saboteurs of media and trays: how they are exchanged, what is told of it, and what drives keep. */
import { inside, type Saboteur } from './saboteur.ts';

const BACKEND = 'backend/block-backend';
const EXCHANGE = 'devices/exchange-media';
const HUMAN = 'monitor/hmp/hmp-drives';

export const media: readonly Saboteur[] = [
  inside(
    'media/start-moves-tray',
    'DEVICE_TRAY_MOVED',
    'moves the tray of a CD drive that shall only stop or start',
    'devices/ide/packet-commands',
    ['if (isPowerCondition || (flags & 2) === 0)', 'if (isPowerCondition)'],
  ),
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
    EXCHANGE,
    [
      "readOnlyMode === 'retain' ? like.readOnly : readOnlyMode === 'read-only'",
      "readOnlyMode === 'read-only'",
    ],
  ),
  inside(
    'media/taken-out-first',
    'blockdev-change-medium',
    'takes the old medium out before the new one is opened',
    EXCHANGE,
    [
      'const node = await openImage(backend, graph, image);\n    const former = backend.node;',
      'const former = backend.node;\n    openUnlocked(drive, false);\n    await removeMedium(drive, graph);\n    const node = await openImage(backend, graph, image);',
    ],
  ),
  inside(
    'media/node-goes-with-medium',
    'blockdev-remove-medium',
    'deletes the node that a client added when it is taken out of a drive',
    BACKEND,
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
  inside(
    'media/mode-forgotten-with-medium',
    'BlockdevChangeReadOnlyMode',
    'opens the next medium of a read-only drive writable where the last one was taken out before',
    BACKEND,
    ['this.mediumOptions = { ...root.node.options, readOnly: root.node.readOnly };', ';'],
  ),
  inside(
    'media/human-change-retains',
    'BlockdevChangeReadOnlyMode',
    'does not heed the read-only mode of the human command change',
    HUMAN,
    ["{ device, filename, format, 'read-only-mode': mode }", '{ device, filename, format }'],
  ),
  inside(
    'media/forced-stays-locked',
    'eject',
    'keeps a tray locked that was forced open',
    'devices/guest-device',
    ['if (force)\n            this.tray?.unlock();', ';'],
  ),
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
    'backend/guest-requests',
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
    'media/removed-below-job',
    'blockdev-remove-medium',
    'takes a medium out that a job uses',
    'devices/exchange-media',
    ['graph.assertUnblocked(backend.node);', ';'],
  ),
  inside('media/forced-from-a-job', 'eject', 'takes a medium out by force that a job is copying', EXCHANGE, [
    'openUnlocked(drive, force);\n    await removeMedium(drive, graph);',
    'openUnlocked(drive, force);\n    await (force ? drive.backend.eject() : removeMedium(drive, graph));',
  ]),
  inside(
    'media/change-keeps-driver',
    'change',
    'takes for the driver of the new medium that of the last one where arg is not given',
    'commands/change',
    [
      '{ filename: target, format, readOnlyMode:',
      '{ filename: target, format: format ?? drive.backend.node?.driverName, readOnlyMode:',
    ],
  ),
  inside(
    'media/closed-after-return',
    'blockdev-close-tray',
    'tells that a tray moved after it has answered the command that closes it',
    'devices/exchange-media',
    [
      'if (backend.device?.tray?.open)\n        backend.device.mediumChanged(true);',
      'if (backend.device?.tray?.open)\n        setImmediate(() => backend.device?.mediumChanged(true));',
    ],
  ),
  inside(
    'media/empty-tray-stays-open',
    'blockdev-close-tray',
    'does not close the tray of a drive without a medium',
    'devices/exchange-media',
    [
      'if (backend.device?.tray?.open)\n        backend.device.mediumChanged(true);',
      'if (backend.device?.tray?.open && backend.node)\n        backend.device.mediumChanged(true);',
    ],
  ),
  inside(
    'media/unknown-opened-by-force',
    'blockdev-open-tray',
    'opens the tray of a drive that does not exist, with force',
    'commands/blockdev-open-tray',
    [
      'openTray(devices.drive(device, id), force);',
      'if (force && device !== undefined && !devices.block.backends.find(device))\n        return {};\n    openTray(devices.drive(device, id), force);',
    ],
  ),
  inside(
    'media/retained-becomes-read-only',
    'blockdev-change-medium',
    'opens a medium read-only that cannot be opened for writing with read-only-mode retain',
    'devices/exchange-media',
    [
      'const node = await openImage(backend, graph, image);',
      "const node = await openImage(backend, graph, image).catch((error) => { if (image.readOnlyMode !== 'retain') throw error; return openImage(backend, graph, { ...image, readOnlyMode: 'read-only' }); });",
    ],
  ),
  inside(
    'media/lock-not-shown',
    'BlockInfo',
    'shows locked as false while the guest keeps the medium in',
    'backend/query-backends',
    ['locked: device?.tray?.locked ?? false,', 'locked: false,'],
  ),
  inside(
    'media/closed-without-medium',
    'blockdev-close-tray',
    'goes on telling the guest of a CD drive that there is no medium once a tray was closed over one',
    'devices/ide/cd-medium',
    ["this.#untold = isFirst ? 'changed' : 'nothing';", "this.#untold = isFirst ? 'gone' : 'nothing';"],
  ),
  inside(
    'media/inserted-for-another',
    'blockdev-insert-medium',
    'takes a medium out when another one is inserted',
    'commands/blockdev-insert-medium',
    [
      '(args, { block, devices }) => {\n    const backend = devices.backendOf(args.id);',
      "async (args, { block, devices }) => {\n    const backend = devices.backendOf(args.id);\n    const isFree = block.graph.find(args['node-name'])?.parents.length === 0;\n    if (isFree && backend.node && backend.device?.removable && backend.device.tray?.open !== false)\n        await backend.eject();",
    ],
  ),
  inside(
    'media/open-tray-shown-empty',
    'BlockInfo',
    'tells nothing of the medium in an open tray',
    'backend/query-backends',
    ['if (!node)\n        return info;', 'if (!node || device?.tray?.open)\n        return info;'],
  ),
  inside(
    'media/opened-after-return',
    'blockdev-open-tray',
    'tells that a tray moved after it has answered the command that opens it',
    'commands/blockdev-open-tray',
    [
      'openTray(devices.drive(device, id), force);',
      'const drive = devices.drive(device, id);\n    const its = drive.backend.device;\n    if (its?.removable && its.tray && !its.tray.locked)\n        setImmediate(() => openTray(drive, force));\n    else\n        openTray(drive, force);',
    ],
  ),
  inside(
    'media/medium-of-two',
    'blockdev-insert-medium',
    'takes a node that another device has for a medium',
    'devices/exchange-media',
    ['if (roots(node).length > 0)', 'if (false)'],
  ),
  inside(
    'media/change-leaves-tray-open',
    'blockdev-change-medium',
    'leaves the tray open once it has exchanged the medium',
    'devices/exchange-media',
    ['insert(backend, node, true);\n        closeTray(drive);', 'insert(backend, node, true);'],
  ),
  inside(
    'media/removed-from-disk',
    'blockdev-remove-medium',
    'takes the medium out of a device whose medium cannot be exchanged',
    'devices/exchange-media',
    [
      'export async function removeMedium({ backend, name }, graph) {\n    assertRemovable(backend, name);',
      'export async function removeMedium({ backend, name }, graph) {',
    ],
  ),
  inside(
    'media/insert-does-nothing',
    'blockdev-insert-medium',
    'answers blockdev-insert-medium and leaves the drive empty',
    'devices/exchange-media',
    [
      "There already is a medium in the device');\n    insert(backend, node, false);",
      "There already is a medium in the device');",
    ],
  ),
];
