/** Saboteurs that refuse a command after half of its effect, or that keep something of what they refuse. */
import { inside, type Saboteur } from './saboteur.ts';

export const refusals: readonly Saboteur[] = [
  inside(
    'refusals/stream-writable',
    'block-stream',
    'leaves a read-only image writable whose stream it refuses',
    'jobs/stream-job',
    ['nodes.letGo();\n        await setReadOnly(graph, image, wasReadOnly);', 'nodes.letGo();'],
  ),
  inside(
    'refusals/mirror-filter',
    'blockdev-mirror',
    'keeps the filter of a mirror that it refuses',
    'jobs/mirror-job',
    ['nodes.letGo();\n        await removeFilter(graph, filter);', 'nodes.letGo();'],
  ),
  inside(
    'refusals/commit-base-writable',
    'block-commit',
    'leaves the base of a commit writable that it refuses',
    'jobs/commit-job',
    [
      'for (const [node, readOnly] of wasReadOnly.toReversed())\n            await setReadOnly(graph, node, readOnly);',
      ';',
    ],
  ),
  inside(
    'refusals/active-commit-grows',
    'block-commit',
    'grows the base of a commit of the active layer that it refuses',
    'jobs/active-commit',
    ['try {\n        const plan = {', 'try {\n        await growBase(source, base);\n        const plan = {'],
  ),
  inside(
    'refusals/backup-target-open',
    'drive-backup',
    'keeps the target of a drive-backup open that it refuses',
    'jobs/drive-backup-job',
    ['await graph.releaseUnused(target);\n        throw error;', 'throw error;'],
  ),
  inside(
    'refusals/image-emptied',
    'x-blockdev-create',
    'empties the file of an image that it refuses to make',
    'drivers/qcow2/create-options',
    [
      'const options = newImage(environment.options);',
      'await file.truncate(0);\n    const options = newImage(environment.options);',
    ],
  ),
  inside(
    'refusals/limits-applied',
    'block_set_io_throttle',
    'applies limits of a drive that it refuses',
    'commands/block-set-io-throttle',
    [
      'checkConfig(config);\n    backend.setLimits(config, args.group, name);',
      'backend.setLimits(config, args.group, name);\n    checkConfig(config);',
    ],
  ),
  inside(
    'refusals/export-held',
    'nbd-server-add',
    'keeps a node in use that it refused to export under a name that is taken',
    'exports/nbd/nbd-export-server',
    [
      'if (exports.has(name))\n            throw new CommandError(`NBD server already',
      'if (exports.has(name) && new NbdExport(this.#graph, node, name, false))\n            throw new CommandError(`NBD server already',
    ],
  ),
  inside(
    'refusals/negative-speed-lifts',
    'block-job-set-speed',
    'lifts the limit of a job that refuses a negative speed',
    'jobs/job',
    [
      'checkSpeed(speed);\n        this.#speed',
      'if (speed < 0)\n            this.limit.speed = 0n;\n        checkSpeed(speed);\n        this.#speed',
    ],
  ),
  inside(
    'refusals/complete-remembered',
    'block-job-complete',
    'completes a mirror, once it is resumed, that refused to while it was paused',
    'jobs/job',
    [
      "this.assertVerb('complete');",
      "if (this.#status === 'standby')\n            this.driver.complete();\n        this.assertVerb('complete');",
    ],
  ),
  inside(
    'refusals/transaction-freezes',
    'transaction',
    'leaves the bitmap frozen of an incremental backup of a transaction that it refuses',
    'jobs/job-txn',
    [
      'if (member.error)\n            driver.abort?.();',
      'if (member.error) {\n            if (member.started)\n                driver.abort?.();\n        }',
    ],
  ),
  inside(
    'refusals/removal-elsewhere-answered',
    'x-blockdev-change',
    'answers the removal of a child of another driver as a success',
    'graph/change-children',
    [
      'const { parent } = edge;\n    const { children } = parent.state;',
      'const { parent } = edge;\n    const { children } = parent.state;\n    if (!children)\n        return;',
    ],
  ),
  inside(
    'refusals/mirror-device-not-found',
    'drive-mirror',
    'refuses a mirror of a device that there is not with DeviceNotFound',
    'commands/drive-mirror',
    [
      'const source = graph.lookupRoot(args.device);',
      "let source; try { source = graph.lookupRoot(args.device); } catch (error) { throw new CommandError(error.message, 'DeviceNotFound'); }",
    ],
  ),
  inside(
    'refusals/both-with-a-known-node',
    'x-blockdev-change',
    'takes child and node together where the node exists',
    'commands/x-blockdev-change',
    [
      'if (child !== undefined && name !== undefined)',
      'if (child !== undefined && name !== undefined && !graph.find(name))',
    ],
  ),
  inside(
    'refusals/backup-target-node-only',
    'BlockdevBackup',
    'finds the target of a backup by the name of a node alone',
    'commands/blockdev-backup',
    ['graph.lookup(args.target, args.target)', "graph.lookup('', args.target)"],
  ),
  inside(
    'refusals/clear-of-nothing',
    'block-dirty-bitmap-clear',
    'answers as a success the clearing of a bitmap that the node does not have',
    'commands/block-dirty-bitmap-clear',
    [
      'const { bitmap } = block.bitmap(args.node, args.name);',
      'const node = block.graph.devices.medium(args.node) ?? block.graph.find(args.node);\n    if (node && !node.bitmaps.find(args.name))\n        return {};\n    const { bitmap } = block.bitmap(args.node, args.name);',
    ],
  ),
  inside(
    'refusals/removed-again',
    'block-dirty-bitmap-remove',
    'answers as a success the removal of a bitmap that was removed before',
    'commands/block-dirty-bitmap-remove',
    [
      'const { node, bitmap } = block.bitmap(args.node, args.name);',
      'const known = block.graph.devices.medium(args.node) ?? block.graph.find(args.node);\n    if (known?.formerBitmaps?.includes(args.name) && !known.bitmaps.find(args.name))\n        return {};\n    const { node, bitmap } = block.bitmap(args.node, args.name);\n    node.formerBitmaps = [...(node.formerBitmaps ?? []), bitmap.name];',
    ],
  ),
  {
    id: 'refusals/renamed-below-a-job',
    definition: 'change-backing-file',
    breaks: 'changes the backing file of an image below a device that a job has',
    changes: [
      { file: 'commands/change-backing-file', find: 'graph.assertUnblocked(top);', put: '' },
      {
        file: 'graph/node-graph',
        find: "if (node.parents.some(({ role }) => role !== 'root'))",
        put: "if (node.parents.some(({ role }) => role !== 'root' && role !== 'job'))",
      },
    ],
  },
  inside(
    'refusals/fixed-raw-shrinks',
    'BlockdevOptionsRaw',
    'makes raw with a size smaller',
    'drivers/raw-format',
    [
      "if (size !== undefined)\n                throw new CommandError('Cannot resize",
      "if (size !== undefined && length > size)\n                throw new CommandError('Cannot resize",
    ],
  ),
  inside(
    'refusals/threshold-within-disk',
    'block-set-write-threshold',
    'refuses a threshold beyond the end of a node of a format',
    'commands/block-set-write-threshold',
    [
      "node.io.setWriteThreshold(args['write-threshold']);",
      "if (node.driver.kind === 'format' && args['write-threshold'] > node.io.length())\n        throw new CommandError('The threshold is beyond the end of the node');\n    node.io.setWriteThreshold(args['write-threshold']);",
    ],
  ),
  inside(
    'refusals/nothing-deleted',
    'blockdev-del',
    'answers as a success the deletion of a node that there is not',
    'backend/block-layer',
    [
      'if (!node)\n            throw new CommandError(`Cannot find',
      'if (!node)\n            return;\n        if (!node)\n            throw new CommandError(`Cannot find',
    ],
  ),
  inside('refusals/pr-manager-ignored', 'BlockdevOptionsFile', 'ignores pr-manager', 'drivers/file', [
    "if (options['pr-manager'] !== undefined)",
    'if (false)',
  ]),
  inside(
    'refusals/length-without-burst',
    'BlockIOThrottle',
    'ignores the length of a burst that is not set',
    'commands/block-set-io-throttle',
    [
      'const config = throttleConfig(limits);',
      "for (const bucket of bucketNames)\n        if (!limits[bucket + '-max'])\n            delete limits[bucket + '-max-length'];\n    const config = throttleConfig(limits);",
    ],
  ),
  inside(
    'refusals/iothread-of-any-type',
    'x-blockdev-set-iothread',
    'takes any object for a thread',
    'commands/x-blockdev-set-iothread',
    ["objects.find(id)?.type !== 'iothread'", 'objects.find(id) === undefined'],
  ),
  inside(
    'refusals/child-by-node-name',
    'x-blockdev-change',
    'takes the name of the node of a child for child',
    'commands/x-blockdev-change',
    [
      'const edge = parent.child(child);',
      'const edge = parent.child(child) ?? parent.children.find((one) => one.node.name === child);',
    ],
  ),
];
