/** What is right of the first of several, or by the usual name, and wrong of the next, or by another name. */
import { inside, type Saboteur } from './saboteur.ts';

export const secondSituations: readonly Saboteur[] = [
  inside(
    'graph/internal-name-of-newest',
    'blockdev-snapshot-internal-sync',
    'takes the name of any internal snapshot but the newest again',
    'graph/internal-snapshot',
    ['snapshots.list().some((snapshot) => snapshot.name === name)', 'snapshots.list().at(-1)?.name === name'],
  ),
  inside(
    'graph/internal-name-of-oldest',
    'blockdev-snapshot-internal-sync',
    'takes the name of any internal snapshot but the oldest again',
    'graph/internal-snapshot',
    ['snapshots.list().some((snapshot) => snapshot.name === name)', 'snapshots.list()[0]?.name === name'],
  ),
  inside(
    'graph/internal-name-of-session',
    'blockdev-snapshot-internal-sync',
    'takes names of internal snapshots again that the image had when it was opened',
    'graph/internal-snapshot',
    [
      'if (snapshots.list().some((snapshot) => snapshot.name === name))',
      'const named = (node.named ??= new Set());\n    if (named.size === named.add(name).size && snapshots.list().some((snapshot) => snapshot.name === name))',
    ],
  ),
  inside(
    'graph/internal-name-not-freed',
    'blockdev-snapshot-internal-sync',
    'refuses the name of an internal snapshot that was deleted',
    'graph/internal-snapshot',
    [
      'if (snapshots.list().some((snapshot) => snapshot.name === name))',
      'const named = (node.named ??= new Set());\n    if (named.size === named.add(name).size || snapshots.list().some((snapshot) => snapshot.name === name))',
    ],
  ),
  inside(
    'bitmaps/clear-of-frozen-persistent',
    'block-dirty-bitmap-clear',
    'clears a persistent bitmap that is frozen',
    'commands/block-dirty-bitmap-clear',
    [
      "bitmap.assertChangeable('modified');",
      "if (!bitmap.persistent)\n        bitmap.assertChangeable('modified');",
    ],
  ),
  inside(
    'bitmaps/remove-of-frozen-persistent',
    'block-dirty-bitmap-remove',
    'removes a persistent bitmap that is frozen',
    'commands/block-dirty-bitmap-remove',
    [
      "bitmap.assertNotFrozen('removed');",
      "if (!bitmap.persistent)\n        bitmap.assertNotFrozen('removed');",
    ],
  ),
  inside(
    'drivers/nbd-flush-gone',
    'BlockdevOptionsNbd',
    'answers flushes of an nbd node as done whose server has gone',
    'drivers/nbd/nbd-driver',
    [
      'await this.#request({ type: Command.flush, offset: 0, length: 0 });',
      'await this.#request({ type: Command.flush, offset: 0, length: 0 }).catch(() => undefined);',
    ],
  ),
  inside(
    'drivers/nbd-discard-gone',
    'BlockdevOptionsNbd',
    'answers discards of an nbd node as done that its server fails',
    'drivers/nbd/nbd-driver',
    [
      'await this.#request({ type: Command.trim, offset, length });',
      'await this.#request({ type: Command.trim, offset, length }).catch(() => undefined);',
    ],
  ),
  inside(
    'drivers/nbd-zeroes-gone',
    'BlockdevOptionsNbd',
    'answers writes of zeroes to an nbd node as done that its server fails',
    'drivers/nbd/nbd-driver',
    [
      'await this.#request({ type: Command.writeZeroes, flags: hole | fua, offset: at, length });',
      'await this.#request({ type: Command.writeZeroes, flags: hole | fua, offset: at, length }).catch(() => undefined);',
    ],
  ),
  inside(
    'chains/stream-base-of-a-drive',
    'block-stream',
    'takes the name of a drive for base-node',
    'commands/block-stream',
    ["graph.lookup('', name)", 'graph.lookup(name, name)'],
  ),
  inside(
    'graph/change-image-of-a-drive',
    'change-backing-file',
    'takes the name of a drive for image-node-name',
    'commands/change-backing-file',
    [
      "graph.lookup('', args['image-node-name'])",
      "graph.lookup(args['image-node-name'], args['image-node-name'])",
    ],
  ),
  inside(
    'graph/change-next-two-only',
    'change-backing-file',
    'refuses to change the backing file of an image two below the device',
    'commands/change-backing-file',
    [
      'for (let node = top; node; node = node.backing?.node)\n        if (node === image)\n            return true;\n    return false;',
      'return image === top || image === top.backing?.node;',
    ],
  ),
  inside(
    'graph/change-top-instead',
    'change-backing-file',
    'changes the backing file of the device where the image is two below it',
    'commands/change-backing-file',
    [
      'await change(graph, image, {',
      'await change(graph, image === top || image === top.backing?.node ? image : top, {',
    ],
  ),
  inside(
    'images/resize-cuts-and-refuses',
    'block_resize',
    'cuts off what is beyond the new end of an image with snapshots and then refuses to resize it',
    'drivers/qcow2/resize',
    [
      'if (image.header.snapshotCount > 0)\n        throw new CommandError("Can\'t resize an image which has snapshots");\n    if (size < image.size)\n        await shrink(image, size);',
      'if (size < image.size)\n        await shrink(image, size);\n    if (image.header.snapshotCount > 0)\n        throw new CommandError("Can\'t resize an image which has snapshots");\n    if (size < image.size)\n        ;',
    ],
  ),
  inside(
    'images/resize-rounded-down',
    'block_resize',
    'rounds the new size of a qcow2 image down to whole sectors',
    'drivers/qcow2/resize',
    [
      "if (size % 512 !== 0)\n        throw new CommandError('The new size must be a multiple of 512');",
      'size -= size % 512;',
    ],
  ),
  inside(
    'graph/resize-of-media-by-drive',
    'block_resize',
    'refuses to resize the medium of a drive by its node-name',
    'backend/block-layer',
    [
      'if (size < 0)',
      "if (device === undefined && roots(node).some(({ user }) => user.deviceName))\n            throw new CommandError('in use');\n        if (size < 0)",
    ],
  ),
  inside(
    'replies/stats-of-named-only',
    'query-blockstats',
    'leaves nodes without a name of their own out of the statistics of nodes',
    'commands/query-blockstats',
    ['filter((node) => !node.dead)', "filter((node) => !node.dead && !node.name.startsWith('#'))"],
  ),
  inside(
    'replies/stats-without-backing',
    'query-blockstats',
    'leaves backing nodes out of the statistics of nodes',
    'commands/query-blockstats',
    [
      'filter((node) => !node.dead)',
      "filter((node) => !node.dead && !node.parents.some(({ role }) => role === 'backing'))",
    ],
  ),
  inside(
    'replies/stats-without-media',
    'query-blockstats',
    'leaves nodes that are in a drive out of the statistics of nodes',
    'commands/query-blockstats',
    ['filter((node) => !node.dead)', 'filter((node) => !node.dead && !block.graph.deviceOf(node))'],
  ),
  inside(
    'graph/snapshot-second-writable',
    'blockdev-snapshot-sync',
    'leaves an overlay writable of which another snapshot is made',
    'graph/external-snapshot',
    ['if (!base.io.copiesOnRead)', 'if (!base.io.copiesOnRead && !base.backing)'],
  ),
  inside(
    'graph/snapshot-in-clusters',
    'blockdev-snapshot-sync',
    'rounds the size of new overlays up to whole clusters',
    'graph/external-snapshot',
    ['size: base.io.length(), backing', 'size: Math.ceil(base.io.length() / 65536) * 65536, backing'],
  ),
  inside(
    'graph/snapshot-node-of-a-drive',
    'BlockdevSnapshotSync',
    'takes the name of a drive for the node-name of a snapshot',
    'graph/external-snapshot',
    [
      "await findBase(graph, image.device ?? '', image.nodeName ?? '');",
      "await findBase(graph, image.device ?? image.nodeName ?? '', image.nodeName ?? '');",
    ],
  ),
  inside(
    'graph/change-empty-ignored',
    'change-backing-file',
    'keeps the name of the backing file where the new one is empty',
    'commands/change-backing-file',
    [
      'await change(graph, image, {',
      "if (args['backing-file'] !== '')\n        await change(graph, image, {",
    ],
  ),
  inside(
    'graph/thread-of-a-drive',
    'x-blockdev-set-iothread',
    'takes the name of a drive for that of a node',
    'commands/x-blockdev-set-iothread',
    [
      'const node = block.graph.find(name);',
      'const node = block.graph.devices.medium(name) ?? block.graph.find(name);',
    ],
  ),
  inside(
    'graph/resize-node-of-a-drive',
    'block_resize',
    'takes the name of a drive for node-name',
    'commands/block-resize',
    [
      "block.graph.lookup(device ?? '', nodeName ?? '')",
      "block.graph.lookup(device ?? nodeName ?? '', nodeName ?? '')",
    ],
  ),
  inside(
    'graph/resize-device-of-a-node',
    'block_resize',
    'takes the name of a node for device',
    'commands/block-resize',
    [
      "block.graph.lookup(device ?? '', nodeName ?? '')",
      "block.graph.lookup(device ?? '', nodeName ?? device ?? '')",
    ],
  ),
  inside(
    'graph/snapshot-device-of-a-node',
    'blockdev-snapshot-sync',
    'takes the name of a node for the device of a snapshot',
    'graph/external-snapshot',
    [
      "await findBase(graph, image.device ?? '', image.nodeName ?? '');",
      "await findBase(graph, image.device ?? '', image.nodeName ?? image.device ?? '');",
    ],
  ),
  inside(
    'drivers/quorum-fails-once',
    'QUORUM_FAILURE',
    'tells the first failure of a quorum and none after that',
    'drivers/quorum/index',
    [
      '#reportFailure(request) {',
      '#reportFailure(request) {\n        if (this.told)\n            return;\n        this.told = true;',
    ],
  ),
  inside(
    'drivers/quorum-fifo-flushes-first',
    'BlockdevOptionsQuorum',
    'flushes the first child alone with read-pattern fifo',
    'drivers/quorum/index',
    [
      'const { errors, done } = await this.#onAll(request, (child) => child.flush());',
      'const { errors, done } = await this.#onAll(request, (child, index) => (this.#settings.fifo && index > 0 ? undefined : child.flush()));',
    ],
  ),
  inside(
    'drivers/quorum-new-child-unread',
    'x-blockdev-change',
    'writes a child that was added to a quorum and does not read it',
    'drivers/quorum/index',
    [
      'const children = [...this.#children.values()];\n        const copies',
      'const children = [...this.#children.values()].slice(0, this.first ??= this.#children.size);\n        const copies',
    ],
  ),
  inside(
    'drivers/quorum-gaps-count',
    'x-blockdev-change',
    'counts children of a quorum that were taken out when another one is',
    'drivers/quorum/index',
    ['if (this.#children.size <= threshold)', 'if (this.#nextIndex <= threshold)'],
  ),
  inside(
    'drivers/quorum-child-stays',
    'x-blockdev-change',
    'keeps a child that was defined within its quorum and is taken out',
    'graph/change-children',
    [
      'await graph.detach(edge);',
      'edge.node.monitorOwned || edge.node.giveToMonitor();\n    await graph.detach(edge);',
    ],
  ),
  inside(
    'drivers/quorum-child-of-a-drive',
    'x-blockdev-change',
    'takes a node for a child that is in a drive',
    'graph/change-children',
    ['if (node.parents.length > 0)', "if (node.parents.some(({ role }) => role !== 'root'))"],
  ),
  inside(
    'graph/change-leaves-writable-below',
    'change-backing-file',
    'leaves a read-only image below another writable whose backing file it has changed',
    'graph/backing',
    [
      'await setReadOnly(graph, node, wasReadOnly);',
      "await setReadOnly(graph, node, wasReadOnly && node.parents.every(({ role }) => role !== 'backing'));",
    ],
  ),
  inside(
    'exports/one-frees-all',
    'nbd-server-remove',
    'has a node free when one of its exports is removed',
    'exports/nbd/nbd-export',
    [
      'this.#graph.removeRoot(this.#root);',
      "for (const edge of [...node.parents])\n            if (edge.role === 'root' && edge.user.deviceName === '')\n                this.#graph.removeRoot(edge);",
    ],
  ),
  inside(
    'drivers/quorum-rewrites-a-part',
    'BlockdevOptionsQuorum',
    'rewrites the first 4 KiB alone of what a child got wrong',
    'drivers/quorum/index',
    [
      'rewrite(children[index], request.offset, winner.value)',
      'rewrite(children[index], request.offset, winner.value.subarray(0, 4096))',
    ],
  ),
  inside(
    'graph/refused-overlay-named',
    'blockdev-snapshot',
    'tells of an overlay that it refused the backing file that it was to have',
    'graph/external-snapshot',
    ['forgetBase();', ''],
  ),
];
