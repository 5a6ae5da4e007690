/** Saboteurs of who may use a node: what is not taken, and what is not given back. */
import { inside, type Saboteur } from './saboteur.ts';

export const permissionRules: readonly Saboteur[] = [
  inside(
    'permissions/blocked-after-job',
    'blockdev-del',
    'leaves the nodes of a job blocked when it has ended',
    'jobs/job-nodes',
    ['unblock();\n            this.graph.removeJob(edge);', 'this.graph.removeJob(edge);'],
  ),
  inside(
    'permissions/blocked-after-overlay',
    'blockdev-del',
    'leaves a backing node blocked when its overlay is gone',
    'graph/node-graph',
    ['edge.unblock();\n        leave(edge.node, edge);', 'leave(edge.node, edge);'],
  ),
  inside(
    'permissions/backup-unasked',
    'blockdev-backup',
    'starts a backup into a node that cannot be written',
    'jobs/backup-job',
    ['nodes.use(target, write);', 'nodes.use(target, 0);'],
  ),
  {
    id: 'permissions/blocked-after-failed-backup',
    definition: 'blockdev-backup',
    breaks: 'leaves the target of a backup blocked that failed',
    changes: [
      {
        file: 'jobs/backup-job',
        find: 'this.#source.io.beforeWrite.add(beforeWrite);',
        put: 'this.job = job;\n        this.#source.io.beforeWrite.add(beforeWrite);',
      },
      {
        file: 'jobs/backup-job',
        find: 'free() {',
        put: "free() {\n        this.#nodes.kept = this.job?.error && !this.job.cancelled ? 'target' : undefined;",
      },
      {
        file: 'jobs/job-nodes',
        find: 'unblock();\n            this.graph.removeJob(edge);',
        put: 'if (edge.name !== this.kept)\n                unblock();\n            this.graph.removeJob(edge);',
      },
    ],
  },
  {
    id: 'permissions/blocked-after-failed-mirror',
    definition: 'blockdev-mirror',
    breaks: 'leaves the target of a mirror blocked that failed',
    changes: [
      {
        file: 'jobs/mirror-job',
        find: 'this.#nodes.letGo();\n        this.#replaced?.unblock();',
        put: "this.#nodes.kept = error && !job.cancelled ? 'target' : undefined;\n        this.#nodes.letGo();\n        this.#replaced?.unblock();",
      },
      {
        file: 'jobs/job-nodes',
        find: 'unblock();\n            this.graph.removeJob(edge);',
        put: 'if (edge.name !== this.kept)\n                unblock();\n            this.graph.removeJob(edge);',
      },
    ],
  },
  {
    id: 'permissions/blocked-between-failed-commit',
    definition: 'block-commit',
    breaks: 'leaves the images between top and base blocked when a commit of the active layer has failed',
    changes: [
      {
        file: 'jobs/mirror-job',
        find: 'this.#nodes.letGo();\n        this.#replaced?.unblock();',
        put: "this.#nodes.kept = error && !job.cancelled ? 'intermediate node' : undefined;\n        this.#nodes.letGo();\n        this.#replaced?.unblock();",
      },
      {
        file: 'jobs/job-nodes',
        find: 'unblock();\n            this.graph.removeJob(edge);',
        put: 'if (edge.name !== this.kept)\n                unblock();\n            this.graph.removeJob(edge);',
      },
    ],
  },
  {
    id: 'permissions/blocked-above-commit',
    definition: 'block-commit',
    breaks: 'leaves the image above the top of a commit blocked when that has ended',
    changes: [
      {
        file: 'jobs/commit-job',
        find: 'filter, wasReadOnly } = this.#plan;\n        this.#nodes.letGo();',
        put: "filter, wasReadOnly } = this.#plan;\n        this.#nodes.kept = 'overlay of top';\n        this.#nodes.letGo();",
      },
      {
        file: 'jobs/job-nodes',
        find: 'unblock();\n            this.graph.removeJob(edge);',
        put: 'if (edge.name !== this.kept)\n                unblock();\n            this.graph.removeJob(edge);',
      },
    ],
  },
  inside(
    'permissions/internal-snapshot-of-used',
    'blockdev-snapshot-internal-sync',
    'takes an internal snapshot of an image that a job uses',
    'graph/internal-snapshot',
    ['assertRoot(node);\n    graph.assertUnblocked(node);', ';'],
  ),
  {
    id: 'permissions/backing-name-of-used',
    definition: 'change-backing-file',
    breaks: 'changes the name of the backing file of an image that a job uses',
    changes: [
      { file: 'commands/change-backing-file', find: 'assertRoot(top);', put: ';' },
      { file: 'commands/change-backing-file', find: 'graph.assertUnblocked(top);', put: ';' },
    ],
  },
  inside(
    'permissions/backup-target-unclaimed',
    'blockdev-backup',
    'lets other jobs use the target of a backup',
    'jobs/backup-job',
    ["nodes.claim(target, 'target');", 'nodes.use(target);'],
  ),
  inside(
    'permissions/locking-on-unlocked',
    'BlockdevOptionsFile',
    'does not lock files where locking is given',
    'drivers/file',
    ["options.locking === 'off' ?", 'options.locking !== undefined ?'],
  ),
  inside(
    'permissions/read-only-unlocked',
    'BlockdevOptionsFile',
    'does not lock files that it opens read-only where locking is not given',
    'drivers/file',
    [
      "lock: options.locking === 'off' ?",
      "lock: options.locking === 'off' || (options.locking === undefined && environment.readOnly) ?",
    ],
  ),
  inside(
    'permissions/target-made-writable',
    'blockdev-backup',
    'makes a read-only target writable',
    'commands/blockdev-backup',
    [
      'await createBackup(context',
      "if (target !== source && target.readOnly)\n        await (await import('../graph/reopen.js')).setReadOnly(graph, target, false);\n    await createBackup(context",
    ],
  ),
  inside(
    'permissions/backup-of-inner-but-backing',
    'DriveBackup',
    'refuses drive-backup of backing images alone and takes other nodes that one stands on',
    'jobs/drive-backup-job',
    [
      'graph.lookupRoot(args.device);',
      "graph.lookup(args.device, args.device);\n    if (source.parents.some(({ role }) => role === 'backing'))\n        throw new CommandError('Need a root block node');",
    ],
  ),
  inside('graph/names-of-any-form', 'BlockdevOptions', 'takes node names of any form', 'graph/node-graph', [
    'if (name !== undefined && !isIdentifier(name))',
    "if (name === '')",
  ]),
  inside(
    'graph/unknown-child-removed',
    'x-blockdev-change',
    'answers the removal of a child that does not exist as a success',
    'commands/x-blockdev-change',
    ['if (!edge)', 'if (!edge)\n            return {};\n        if (!edge)'],
  ),
  inside(
    'graph/resize-not-below-guest',
    'block_resize',
    'refuses to resize what a guest device uses',
    'backend/block-layer',
    [
      'if (node.blockers.reason() !== undefined)',
      'if (node.blockers.reason() !== undefined || this.backends.all.some((each) => each.device && each.node === node))',
    ],
  ),
  inside(
    'graph/overlay-in-format-of-base',
    'blockdev-snapshot-sync',
    'makes overlays in the format of the image below where format is not given',
    'graph/drained-snapshot',
    [
      "format: args.format ?? 'qcow2',",
      "format: args.format ?? graph.lookup(args.device ?? '', args['node-name'] ?? '').driverName,",
    ],
  ),
  inside(
    'graph/snapshot-of-nothing',
    'blockdev-snapshot-sync',
    'answers the snapshot of a device that does not exist as a success',
    'commands/blockdev-snapshot-sync',
    [
      '    await runTransaction(context,',
      "    const { graph } = context.block;\n    if (data.device !== undefined && data['node-name'] === undefined && graph.devices.medium(data.device) === null)\n        return {};\n    await runTransaction(context,",
    ],
  ),
  inside(
    'graph/backing-object-ignored',
    'BlockdevRefOrNull',
    'opens the backing file that the header names where backing defines another node',
    'graph/backing',
    [
      'const child = given === undefined\n',
      'const child = given === undefined || (isJsonObject(given) && node.backingName !== undefined)\n',
    ],
  ),
];
