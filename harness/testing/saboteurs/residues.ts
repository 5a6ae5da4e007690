/** Saboteurs of what changes of the graph leave behind: in users, sizes, bitmaps, options. */
import { inside, type Saboteur } from './saboteur.ts';

export const residues: readonly Saboteur[] = [
  inside('residues/snapshot-drained', 'blockdev-snapshot', 'lets no request through any more to a node whose snapshot it refuses', 'graph/drained-snapshot', [
    'await end();\n        throw error;', 'throw error;']),
  inside('residues/resize-forgets-threshold', 'block-set-write-threshold', 'forgets the write threshold of a node that is resized', 'graph/block-io', [
    'this.#changes = {};\n        this.#bitmaps.resize(this.length());\n    }', 'this.#changes = {};\n        this.#writeThreshold = 0;\n        this.#bitmaps.resize(this.length());\n    }']),
  inside('residues/reopen-forgets-threshold', 'block-set-write-threshold', 'forgets the write threshold of a node that becomes read-only and writable again', 'graph/node', [
    'this.#readOnly = readOnly;\n        for', 'this.#readOnly = readOnly;\n        io.setWriteThreshold(0);\n        for']),
  inside('residues/threshold-of-data', 'BLOCK_WRITE_THRESHOLD', 'tells no write of zeroes that passes the threshold', 'graph/block-io', [
    'async #zero(offset, length, flags) {', 'async #zero(offset, length, flags) {\n        const was = this.#writeThreshold;\n        this.#writeThreshold = 0;\n        queueMicrotask(() => {\n            this.#writeThreshold = was;\n        });']),
  inside('residues/change-refused-writable', 'change-backing-file', 'leaves a read-only image writable whose backing file it cannot change', 'graph/backing', [
'    finally {\n        await setReadOnly(graph, node, wasReadOnly);\n    }\n}', '    finally {\n        if (node.backingName === backing)\n            await setReadOnly(graph, node, wasReadOnly);\n    }\n}']),
  inside('residues/change-refused-named', 'change-backing-file', 'shows the name of a backing file that it could not write', 'graph/backing', [
    'await io.flush();\n', 'node.setBackingName(backing);\n        await io.flush();\n']),
  inside('residues/change-of-active', 'change-backing-file', 'writes the name into the active image whatever the image is', 'commands/change-backing-file', [
    'await change(graph, image,', 'await change(graph, top,']),
  inside('residues/open-refused-holds', 'blockdev-add', 'keeps in use a node that a refused definition refers to', 'graph/open', [
    'if (node)\n            await graph.release(node);', 'if (node) {\n            for (const edge of node.children.filter(({ inherits }) => !inherits))\n                node.children.splice(node.children.indexOf(edge), 1);\n            await graph.release(node);\n        }']),
  inside('residues/blocked-backing', 'blockdev-del', 'keeps a backing file from commands after its overlay went', 'graph/node-graph', [
    'edge.unblock();', ';']),
  inside('residues/blocker-of-replaced', 'blockdev-snapshot', 'does not keep commands from a backing file whose snapshot was taken', 'graph/node-graph', [
    'this.#blockBacking(edge);\n        }\n        catch', ';\n        }\n        catch']),
  inside('residues/first-overlay-unblocks', 'blockdev-del', 'lets commands to a backing file when the first of its overlays goes', 'graph/op-blockers', [
    'return () => this.#blockers.delete(blocker);', 'return () => {\n            for (const other of this.#blockers)\n                if (other.isOverlay === isOverlay)\n                    this.#blockers.delete(other);\n        };']),
  inside('residues/remove-refused-removes', 'block-dirty-bitmap-remove', 'removes a bitmap from the node that it could not take out of the image', 'graph/persistent-bitmaps', [
    'export async function removeBitmap(node, bitmap) {\n    if (bitmap.persistent)', 'export async function removeBitmap(node, bitmap) {\n    node.bitmaps.remove(bitmap);\n    if (bitmap.persistent)']),
  inside('residues/removed-bitmap-leaks', 'block-dirty-bitmap-remove', 'leaks the clusters of a bitmap that is removed', 'drivers/qcow2/qcow2-bitmaps', [
    'await this.#free(found);', ';']),
  inside('residues/stored-bitmap-leaks', 'BlockDirtyBitmapAdd', 'leaks the clusters of a bitmap that is stored anew', 'drivers/qcow2/qcow2-bitmaps', [
    'await this.#free(entry);\n        });', ';\n        });']),
  inside('residues/stored-drops-others', 'BlockDirtyBitmapAdd', 'drops the bitmaps of an image that were in use when it stores others', 'drivers/qcow2/qcow2-bitmaps', [
    '[...kept, ...written]', 'written']),
  inside('residues/child-name-used-up', 'x-blockdev-change', 'uses up a name for a child that it refuses', 'drivers/quorum/index', [
    'nextName: () => childName(this.#nextIndex),\n        add: (name, child) => {\n            this.#children.set(name, child);\n            this.#nextIndex += 1;', 'nextName: () => childName(this.#nextIndex++),\n        add: (name, child) => {\n            this.#children.set(name, child);']),
  inside('residues/refused-removal-unread', 'x-blockdev-change', 'does not use a child any more whose removal it refuses', 'drivers/quorum/index', [
    'if (this.#children.size <= threshold)\n                throw', 'if (this.#children.size <= threshold && this.#children.delete(name))\n                throw']),
  inside('residues/create-refused-holds', 'x-blockdev-create', 'keeps a node in use in which it could not make an image', 'graph/create-image', [
    'catch (error) {\n        if (error instanceof IoError)', 'catch (error) {\n        used = undefined;\n        if (error instanceof IoError)']),
  inside('residues/overlay-ignores-discards', 'blockdev-snapshot-sync', 'opens overlays without the discard option of the image below', 'graph/named-image', [
    'discard,\n', "discard: 'ignore',\n"]),
  inside('residues/overlay-cached', 'blockdev-snapshot-sync', 'opens overlays without the cache mode of the image below', 'graph/named-image', [
    "cache: { direct: cache.direct, 'no-flush': cache.noFlush },", 'cache: { direct: false },']),
  inside('residues/overlay-writable', 'blockdev-snapshot-sync', 'opens the overlay of a read-only image writable', 'graph/named-image', [
    "'read-only': like.readOnly,", "'read-only': false,"]),
  inside('residues/snapshot-unflushed', 'blockdev-snapshot', 'does not flush an image whose snapshot is taken', 'graph/external-snapshot', [
    'await base.io.flush();', ';']),
  inside('residues/backing-ignores-discards', 'BlockdevOptions', 'opens backing files that ignore discards', 'graph/common-options', [
    'isBacking ? parent.discard', "isBacking ? 'ignore'"]),
  inside('residues/children-detect-zeroes', 'BlockdevOptions', 'has children detect zeroes because their parent does', 'graph/common-options', [
    "given['detect-zeroes'] ?? 'off'", "given['detect-zeroes'] ?? parent?.detectZeroes ?? 'off'"]),
  inside('residues/backing-not-shared', 'BlockdevOptions', 'opens backing files without the force-share of the image above', 'graph/common-options', [
    "given['force-share'] ?? parent?.forceShare ?? false", "given['force-share'] ?? (isBacking ? false : parent?.forceShare) ?? false"]),
  inside('residues/own-mode-lost', 'BlockdevOptions', 'makes a file writable with its image although its own options say read-only', 'graph/reopen', [
    "return !isJsonObject(definition) || definition['read-only'] === undefined;", 'return true;']),
  inside('residues/reopen-forgets-discard', 'BlockdevOptions', 'ignores discards of a node that becomes read-only and writable again', 'graph/node', [
    'this.#readOnly = readOnly;\n        for', "this.#readOnly = readOnly;\n        this.#options = { ...this.#options, discard: 'ignore' };\n        for"]),
  inside('residues/reopen-forgets-detection', 'BlockdevOptions', 'detects no zeroes any more in a node that becomes read-only and writable again', 'graph/node', [
    'this.#readOnly = readOnly;\n        for', "this.#readOnly = readOnly;\n        io.setPolicy({ ...this.#policy(), detectZeroes: 'off' });\n        if (io)\n            return;\n        for"]),
  inside('residues/reopen-flushes', 'BlockdevCacheOptions', 'passes flushes on despite no-flush once a node became read-only and writable again', 'graph/node', [
    'noFlush: cache.noFlush };', 'noFlush: cache.noFlush && this.#readOnly === this.#options.readOnly };']),
  inside('residues/reopen-clears-bitmaps', 'BlockDirtyInfo', 'clears the bitmaps of a node that becomes read-only', 'graph/node', [
    'bitmap.readOnly = bitmap.persistent && readOnly;', '{\n            bitmap.readOnly = bitmap.persistent && readOnly;\n            if (!bitmap.persistent)\n                bitmap.clear();\n        }']),
  inside('residues/reopen-disables-bitmaps', 'DirtyBitmapStatus', 'does not track writes any more once a node became read-only and writable again', 'graph/node', [
    'bitmap.readOnly = bitmap.persistent && readOnly;', '{\n            bitmap.readOnly = bitmap.persistent && readOnly;\n            if (!bitmap.persistent && readOnly)\n                bitmap.mark = () => { };\n        }']),
  inside('residues/frozen-not-resized', 'block_resize', 'does not let the record of a frozen bitmap follow a disk that grows', 'graph/dirty-bitmap', [
    'this.#successor?.resize(length);', ';']),
  inside('residues/successor-granularity', 'BlockDirtyInfo', 'tracks in 64 KiB what is written while a bitmap is frozen', 'graph/dirty-bitmap', [
    'const successor = new DirtyBitmap(this.name, granularity,', 'const successor = new DirtyBitmap(this.name, Math.max(65536, granularity),']),
];
