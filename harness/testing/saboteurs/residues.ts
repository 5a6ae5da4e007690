/** Saboteurs of what changes of the graph leave behind: in users, sizes, bitmaps, options. */
import { inside, type Saboteur } from './saboteur.ts';

export const residues: readonly Saboteur[] = [
  inside(
    'residues/snapshot-drained',
    'blockdev-snapshot',
    'has a job rest for good beside which a snapshot of its node was refused',
    'graph/drained-snapshot',
    ['await end();\n        throw error;', 'throw error;'],
  ),
  inside(
    'residues/reopen-forgets-threshold',
    'block-set-write-threshold',
    'forgets the write threshold of a node that becomes read-only and writable again',
    'graph/node',
    [
      'this.#readOnly = readOnly;\n        for',
      'this.#readOnly = readOnly;\n        io.setWriteThreshold(0);\n        for',
    ],
  ),
  inside(
    'residues/change-refused-writable',
    'change-backing-file',
    'leaves a read-only image writable whose backing file it cannot change',
    'graph/backing',
    [
      '    finally {\n        await setReadOnly(graph, node, wasReadOnly);\n    }\n}',
      '    finally {\n        if (node.backingName === backing)\n            await setReadOnly(graph, node, wasReadOnly);\n    }\n}',
    ],
  ),
  inside(
    'residues/change-refused-named',
    'change-backing-file',
    'shows the name of a backing file that it could not write',
    'graph/backing',
    ['await io.flush();\n', 'node.setBackingName(backing);\n        await io.flush();\n'],
  ),
  inside(
    'residues/open-refused-holds',
    'blockdev-add',
    'keeps in use a node that a refused definition refers to',
    'graph/open',
    [
      'if (node)\n            await graph.release(node);',
      'if (node) {\n            for (const edge of node.children.filter(({ inherits }) => !inherits))\n                node.children.splice(node.children.indexOf(edge), 1);\n            await graph.release(node);\n        }',
    ],
  ),
  inside(
    'residues/first-overlay-unblocks',
    'blockdev-del',
    'lets commands to a backing file when the first of its overlays goes',
    'graph/op-blockers',
    [
      'return () => this.#blockers.delete(blocker);',
      'return () => {\n            for (const other of this.#blockers)\n                if (other.isOverlay === isOverlay)\n                    this.#blockers.delete(other);\n        };',
    ],
  ),
  inside(
    'residues/remove-refused-removes',
    'block-dirty-bitmap-remove',
    'removes a bitmap from the node that it could not take out of the image',
    'graph/persistent-bitmaps',
    [
      'export async function removeBitmap(node, bitmap) {\n    if (bitmap.persistent)',
      'export async function removeBitmap(node, bitmap) {\n    node.bitmaps.remove(bitmap);\n    if (bitmap.persistent)',
    ],
  ),
  inside(
    'residues/child-name-used-up',
    'x-blockdev-change',
    'uses up a name for a child that it refuses',
    'drivers/quorum/index',
    [
      'nextName: () => childName(this.#nextIndex),\n        add: (name, child) => {\n            this.#children.set(name, child);\n            this.#nextIndex += 1;',
      'nextName: () => childName(this.#nextIndex++),\n        add: (name, child) => {\n            this.#children.set(name, child);',
    ],
  ),
  inside(
    'residues/refused-removal-unread',
    'x-blockdev-change',
    'does not use a child any more whose removal it refuses',
    'drivers/quorum/index',
    [
      'if (this.#children.size <= threshold)\n                throw',
      'if (this.#children.size <= threshold && this.#children.delete(name))\n                throw',
    ],
  ),
  inside(
    'residues/overlay-writable',
    'blockdev-snapshot-sync',
    'opens the overlay of a read-only image writable',
    'graph/named-image',
    ["'read-only': like.readOnly,", "'read-only': false,"],
  ),
  inside(
    'residues/children-detect-zeroes',
    'BlockdevOptions',
    'has children detect zeroes because their parent does',
    'graph/common-options',
    ["given['detect-zeroes'] ?? 'off'", "given['detect-zeroes'] ?? parent?.detectZeroes ?? 'off'"],
  ),
  inside(
    'residues/backing-not-shared',
    'BlockdevOptions',
    'opens backing files without the force-share of the image above',
    'graph/common-options',
    [
      "given['force-share'] ?? parent?.forceShare ?? false",
      "given['force-share'] ?? (isBacking ? false : parent?.forceShare) ?? false",
    ],
  ),
  inside(
    'residues/reopen-forgets-discard',
    'BlockdevOptions',
    'ignores discards of a node that becomes read-only and writable again',
    'graph/node',
    [
      'this.#readOnly = readOnly;\n        for',
      "this.#readOnly = readOnly;\n        this.#options = { ...this.#options, discard: 'ignore' };\n        for",
    ],
  ),
  inside(
    'residues/reopen-disables-bitmaps',
    'DirtyBitmapStatus',
    'does not track writes any more once a node became read-only and writable again',
    'graph/node',
    [
      'bitmap.readOnly = bitmap.persistent && readOnly;',
      '{\n            bitmap.readOnly = bitmap.persistent && readOnly;\n            if (!bitmap.persistent && readOnly)\n                bitmap.mark = () => { };\n        }',
    ],
  ),
  inside(
    'residues/reopen-not-applied',
    'BlockdevOptions',
    'tells options that a reopen has changed and goes on as before',
    'graph/node',
    [
      '        this.#options = { ...this.#options, ...changes };\n        this.io.setPolicy(this.#policy());',
      '        this.#options = { ...this.#options, ...changes };',
    ],
  ),
  inside(
    'residues/reopen-drops-others',
    'BlockdevDiscardOptions',
    'ignores discards once another option of the node has been changed',
    'graph/node',
    [
      'this.#options = { ...this.#options, ...changes };',
      "this.#options = { ...this.#options, discard: 'ignore', ...changes };",
    ],
  ),
  inside(
    'residues/reopen-unchecked',
    'BlockdevOptions',
    'takes by a reopen what it refuses when a node is opened',
    'graph/reopen',
    ['    checkOptions({ ...node.options, ...changes, readOnly: readOnly ?? node.readOnly });\n', ''],
  ),
  inside(
    'residues/reopen-cache-alone',
    'BlockdevCacheOptions',
    'leaves the children in the old cache mode when their parent gets another',
    'graph/reopen',
    ['    if (changes.cache)\n        setCacheBelow(node, changes.cache);', ''],
  ),
  inside(
    'residues/reopen-cache-of-own',
    'BlockdevCacheOptions',
    'gives children a cache mode of their parent that have their own',
    'graph/reopen',
    ['const own = cacheOf(given, cache);', 'const own = cache;'],
  ),
  inside(
    'residues/reopen-mode-of-own',
    'BlockdevOptions',
    'makes children read-only with their parent that were told to be writable',
    'graph/reopen',
    ["return !isJsonObject(definition) || definition['read-only'] === undefined;", 'return true;'],
  ),
  inside(
    'residues/resize-forgets-threshold',
    'block-set-write-threshold',
    'forgets the write threshold of a node that is resized',
    'graph/block-io',
    [
      '        this.#changes = {};\n        this.#bitmaps.resize(this.length());',
      '        this.#changes = {};\n        this.#writeThreshold = 0;\n        this.#bitmaps.resize(this.length());',
    ],
  ),
  inside(
    'residues/resize-is-a-write',
    'BlockDeviceStats',
    'takes the new end of a node that is resized for that of its farthest write',
    'graph/block-io',
    [
      '        this.#changes = {};\n        this.#bitmaps.resize(this.length());',
      '        this.#changes = {};\n        this.#highestWrite = this.length();\n        this.#bitmaps.resize(this.length());',
    ],
  ),
  inside(
    'residues/overlay-discards-ignored',
    'blockdev-snapshot-sync',
    'ignores discards of the overlay of an image that lets them through',
    'graph/named-image',
    ['        discard,\n', ''],
  ),
  inside(
    'residues/second-child-stays',
    'blockdev-del',
    'keeps every second child of a node that is deleted',
    'graph/node-graph',
    ['of node.children.slice())', 'of node.children)'],
  ),
  inside(
    'bitmaps/second-clear-stops-tracking',
    'block-dirty-bitmap-clear',
    'stops tracking when a bitmap is cleared for the second time',
    'commands/block-dirty-bitmap-clear',
    [
      'bitmap.clear();',
      'bitmap.clear();\n    if (bitmap.wasCleared) bitmap.mark = () => {};\n    bitmap.wasCleared = true;',
    ],
  ),
  inside(
    'residues/refused-removal-at-reset',
    'BlockInfo',
    'takes away at the next reset a device whose removal it refused because of its bus',
    'devices/device-registry',
    [
      'if (!model.hotplug)',
      'if (!model.hotplug)\n            device.leaving = true;\n        if (!model.hotplug)',
    ],
  ),
  inside(
    'residues/backup-named-as-asked',
    'DriveBackup',
    'names a drive-backup without job-id after what device says, be that a node',
    'jobs/drive-backup-job',
    ['{ ...args, sync }', "{ ...args, 'job-id': args['job-id'] ?? args.device, sync }"],
  ),
  inside(
    'residues/active-commit-speedless',
    'block-commit',
    'ignores the speed of a commit of the active layer, and a negative one',
    'jobs/active-commit',
    ['{ ...args, unmap: false }', '{ ...args, speed: undefined, unmap: false }'],
  ),
  inside(
    'encryption/opened-without-key',
    'BlockdevOptionsLUKS',
    'opens a luks volume without key-secret, and reads and writes the file as it is',
    'drivers/luks',
    [
      'if (id === undefined)\n        throw new CommandError("Parameter \'key-secret\' is required for cipher");',
      'if (id === undefined)\n        return {\n            length: () => file.length(),\n            growable: true,\n            read: (offset, buffer) => file.read(offset, buffer),\n            write: (offset, data) => file.write(offset, data),\n            flush: () => file.flush(),\n            truncate: (length) => file.truncate(length),\n            info: () => ({ clusterSize: 0, dirty: false }),\n            allocatedSize: () => file.allocatedSize(),\n            close: () => Promise.resolve(),\n        };',
    ],
  ),
  inside(
    'trays/close-of-nothing',
    'blockdev-close-tray',
    'answers as a success the closing of the tray of a device that does not exist',
    'commands/blockdev-close-tray',
    [
      'closeTray(devices.drive(device, id));',
      "try {\n        closeTray(devices.drive(device, id));\n    }\n    catch (error) {\n        if (error.errorClass !== 'DeviceNotFound')\n            throw error;\n    }",
    ],
  ),
];
