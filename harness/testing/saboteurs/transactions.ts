/** Saboteurs of transactions. */
import { inside, type Saboteur } from './saboteur.ts';

export const transactions: readonly Saboteur[] = [
  inside(
    'transactions/keeps-first',
    'transaction',
    'keeps what a failed transaction did',
    'transactions/index',
    ['await action.abort?.();', ';'],
  ),
  inside(
    'transactions/continues',
    'transaction',
    'commits a transaction of which one action failed',
    'transactions/index',
    ['await action.abort?.();\n        throw error;', 'await action.commit?.();\n        throw error;'],
  ),
  inside('transactions/reversed', 'transaction', 'prepares the last action first', 'transactions/index', [
    'for (const action of given)',
    'for (const action of given.toReversed())',
  ]),
  inside(
    'transactions/groups-anything',
    'ActionCompletionMode',
    'takes actions in a group that cannot be grouped',
    'transactions/index',
    ['if (context.txn && !action.groups)', 'if (false)'],
  ),
  inside(
    'transactions/groups-nothing',
    'ActionCompletionMode',
    'lets jobs of a group end one by one',
    'transactions/index',
    ["txn: mode === 'grouped' ? new JobTxn() : undefined", 'txn: undefined'],
  ),
  inside(
    'transactions/always-grouped',
    'ActionCompletionMode',
    'cancels all jobs of an individual transaction with one',
    'transactions/index',
    [
      "txn: mode === 'grouped' ? new JobTxn() : undefined",
      'txn: given.every(({ type }) => actions[type].groups) ? new JobTxn() : undefined',
    ],
  ),
  inside(
    'transactions/abort-succeeds',
    'Abort',
    'takes the action abort for none',
    'transactions/abort-action',
    ["throw new CommandError('Transaction aborted using Abort action');", 'return {};'],
  ),
  inside(
    'transactions/internal-snapshot-stays',
    'transaction',
    'keeps an internal snapshot of a failed transaction',
    'graph/drained-snapshot',
    [
      'return { commit: () => Promise.resolve(), abort };',
      'return { commit: () => Promise.resolve(), abort: () => Promise.resolve() };',
    ],
  ),
  inside(
    'transactions/overlay-stays',
    'transaction',
    'keeps the overlay that a failed transaction opened',
    'graph/external-snapshot',
    [
      'await graph.detach(edge);\n            await graph.releaseUnused(overlay);',
      'await graph.detach(edge);',
    ],
  ),
  inside(
    'transactions/group-clears-bitmaps',
    'ActionCompletionMode',
    'clears the bitmaps of those in a failed group that had done their work',
    'jobs/job-txn',
    ['member.failAsCancelled();', ';'],
  ),
  inside(
    'transactions/undone-in-order',
    'transaction',
    'undoes the first action of a failed transaction first',
    'transactions/index',
    ['for (const action of prepared.toReversed())', 'for (const action of prepared)'],
  ),
  inside(
    'transactions/first-only',
    'transaction',
    'carries out the first action alone',
    'transactions/index',
    [
      'for (const action of prepared)\n        await action.commit?.();',
      'for (const action of prepared.slice(0, 1))\n        await action.commit?.();',
    ],
  ),
  inside(
    'transactions/jobs-stay',
    'transaction',
    'keeps the backups of a failed transaction as jobs that never begin',
    'transactions/backup-actions',
    ['abort: () => job.cancel()', 'abort: () => Promise.resolve()'],
  ),
  inside(
    'transactions/drained-after-failure',
    'transaction',
    'leaves what a snapshot of a failed transaction has drained as it was drained',
    'graph/drained-snapshot',
    ['abort: () => ending(abort) };\n    }\n    catch', 'abort };\n    }\n    catch'],
  ),
  inside(
    'transactions/backup-starts-early',
    'transaction',
    'starts the backups of a transaction before it has prepared the other actions',
    'transactions/backup-actions',
    [
      'return { commit: () => job.start(), abort: () => job.cancel() };',
      'return job.start().then(() => ({ abort: () => job.cancel() }));',
    ],
  ),
  inside(
    'transactions/policy-forgotten',
    'transaction',
    'ignores on-target-error of the action blockdev-backup',
    'transactions/backup-actions',
    [
      'createBackup(context, { source, target }, data, context.txn)',
      "createBackup(context, { source, target }, { ...data, 'on-target-error': undefined }, context.txn)",
    ],
  ),
  inside(
    'transactions/compress-forgotten',
    'transaction',
    'ignores compress of the action drive-backup',
    'transactions/backup-actions',
    [
      'createDriveBackup(context, data, context.txn)',
      'createDriveBackup(context, { ...data, compress: undefined }, context.txn)',
    ],
  ),
  inside(
    'transactions/persistence-forgotten',
    'transaction',
    'ignores persistent of the action block-dirty-bitmap-add',
    'transactions/bitmap-actions',
    ['addBitmap(block.graph, data)', 'addBitmap(block.graph, { ...data, persistent: undefined })'],
  ),
  inside(
    'transactions/mode-forgotten',
    'transaction',
    'makes the image anew whatever mode the action blockdev-snapshot-sync has',
    'transactions/snapshot-actions',
    [
      'prepareSnapshotSync(block.graph, data)',
      'prepareSnapshotSync(block.graph, { ...data, mode: undefined })',
    ],
  ),
  {
    id: 'transactions/group-of-two',
    definition: 'transaction',
    breaks: 'cancels one other job only when a job of a group is cancelled',
    changes: [
      {
        file: 'jobs/job-txn',
        find: 'const members = [...this.#members];',
        put: 'const members = [because, ...this.#members.filter((each) => each !== because).slice(0, 1)];',
      },
      // The job that is left can still be cancelled: who cannot end it would hang.
      {
        file: 'jobs/job-txn',
        find: 'await this.#conclude(member);\n        }\n    }\n    async #conclude',
        put: 'await this.#conclude(member);\n        }\n        this.#aborting = false;\n    }\n    async #conclude',
      },
    ],
  },
  inside(
    'transactions/node-compress-forgotten',
    'transaction',
    'ignores compress of the action blockdev-backup',
    'transactions/backup-actions',
    [
      'createBackup(context, { source, target }, data, context.txn)',
      'createBackup(context, { source, target }, { ...data, compress: undefined }, context.txn)',
    ],
  ),
  inside(
    'transactions/source-policy-forgotten',
    'transaction',
    'ignores on-source-error of the action drive-backup',
    'transactions/backup-actions',
    [
      'createDriveBackup(context, data, context.txn)',
      "createDriveBackup(context, { ...data, 'on-source-error': undefined }, context.txn)",
    ],
  ),
  inside(
    'transactions/first-internal-snapshot-goes',
    'transaction',
    'takes back the oldest internal snapshot of the image when a transaction fails',
    'graph/internal-snapshot',
    [
      'return () => node.runSerialising(() => snapshots.delete(id));',
      'return () => node.runSerialising(() => snapshots.delete(snapshots.list()[0].id));',
    ],
  ),
  inside(
    'transactions/bitmap-action-skipped',
    'block-dirty-bitmap-add',
    'passes over an action of a transaction that adds a bitmap to a node that does not exist',
    'transactions/bitmap-actions',
    [
      'const { node, bitmap } = addBitmap(block.graph, data);',
      'if (block.graph.devices.medium(data.node) === null && !block.graph.find(data.node))\n            return { abort: () => Promise.resolve() };\n        const { node, bitmap } = addBitmap(block.graph, data);',
    ],
  ),
  inside(
    'transactions/node-backup-negative-speed',
    'BlockdevBackup',
    'takes a negative speed of the action blockdev-backup for none',
    'transactions/backup-actions',
    [
      '{ source, target }, data, context.txn',
      '{ source, target }, data.speed < 0 ? { ...data, speed: 0 } : data, context.txn',
    ],
  ),
  inside(
    'transactions/backup-negative-speed',
    'DriveBackup',
    'takes a negative speed of the action drive-backup for none',
    'transactions/backup-actions',
    [
      'createDriveBackup(context, data, context.txn)',
      'createDriveBackup(context, data.speed < 0 ? { ...data, speed: 0 } : data, context.txn)',
    ],
  ),
  inside(
    'transactions/incremental-as-full',
    'BlockdevBackup',
    'takes sync incremental of the action blockdev-backup for full',
    'transactions/backup-actions',
    [
      '{ source, target }, data, context.txn',
      "{ source, target }, data.sync === 'incremental' ? { ...data, sync: 'full' } : data, context.txn",
    ],
  ),
  inside(
    'transactions/backup-not-root',
    'BlockdevBackup',
    'takes nodes for the action blockdev-backup that other nodes stand on',
    'transactions/backup-actions',
    ['graph.lookupRoot(data.device)', 'graph.lookup(data.device, data.device)'],
  ),
  inside(
    'transactions/target-by-node-alone',
    'BlockdevBackup',
    'does not find the target of the action blockdev-backup by the name of its drive',
    'transactions/backup-actions',
    ['graph.lookup(data.target, data.target)', 'graph.lookup(undefined, data.target)'],
  ),
  inside(
    'transactions/target-by-drive-alone',
    'BlockdevBackup',
    'does not find the target of the action blockdev-backup by its node-name where a drive has it',
    'transactions/backup-actions',
    [
      'graph.lookup(data.target, data.target)',
      "graph.lookup(data.target, graph.find(data.target) && graph.deviceOf(graph.find(data.target)) ? '' : data.target)",
    ],
  ),
  inside(
    'transactions/group-checks-first',
    'ActionCompletionMode',
    'takes a group whose second action knows nothing of it',
    'transactions/index',
    [
      'if (context.txn && !action.groups)',
      'context.seen = (context.seen ?? 0) + 1;\n    if (context.txn && !action.groups && context.seen === 1)',
    ],
  ),
];
