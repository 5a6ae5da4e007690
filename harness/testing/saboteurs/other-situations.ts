/** Saboteurs of jobs that are right in the plain situation, and not in another: another mode, kind or state, the second of two. */
import { inside, type Saboteur } from './saboteur.ts';

const MIRROR = 'jobs/mirror-job';
const COPY = 'jobs/mirror-copy';
const BACKUP = 'jobs/backup-job';
const REGISTRY = 'jobs/job-registry';

const JOB = 'jobs/job';

const ID_FORM = 'if (!isIdentifier(id))';

export const otherSituations: readonly Saboteur[] = [
  inside(
    'other-situations/people-unhelped',
    'eject',
    'has a help that lacks an argument',
    'monitor/hmp/hmp-drives',
    ["params: '[-f] device',", "params: 'device',"],
  ),
  inside(
    'other-situations/untyped-limits',
    'qom-list',
    'lists limits of a throttle group without a type',
    'objects/throttle-group-object',
    ["'int'", "''"],
  ),
  inside(
    'other-situations/people-not-reusing',
    'drive-backup',
    'makes anew what people said is there',
    'monitor/hmp/hmp-copies',
    ["(flags.has('reuse') ? 'existing' : 'absolute-paths')", "'absolute-paths'"],
  ),
  inside(
    'other-situations/people-without-base',
    'block-stream',
    'streams all where people named a base',
    'monitor/hmp/hmp-copies',
    ['base: args.texts.base, ', ''],
  ),
  inside(
    'other-situations/people-in-bytes',
    'block_resize',
    'takes sizes without a unit that people say for bytes',
    'monitor/hmp/human-arguments',
    ['sizeFromText(isBare ?', 'sizeFromText(false ?'],
  ),
  inside(
    'mirrors/source-default-of-top',
    'blockdev-mirror',
    'ignores errors of the source by default in a mirror with sync top',
    MIRROR,
    [
      "onSourceError: args['on-source-error'] ?? 'report',",
      "onSourceError: args['on-source-error'] ?? (args.sync === 'top' ? 'ignore' : 'report'),",
    ],
  ),
  inside(
    'mirrors/target-default-of-none',
    'blockdev-mirror',
    'stops at errors of the target by default in a mirror with sync none',
    MIRROR,
    [
      "onTargetError: args['on-target-error'] ?? 'report',",
      "onTargetError: args['on-target-error'] ?? (args.sync === 'none' ? 'stop' : 'report'),",
    ],
  ),
  inside(
    'copies/default-policy-of-top',
    'BlockdevBackup',
    'ignores errors by default in a backup with sync top',
    BACKUP,
    [
      "this.#args[policy] ?? 'report'",
      "this.#args[policy] ?? (this.#args.sync === 'top' ? 'ignore' : 'report')",
    ],
  ),
  inside(
    'copies/default-policy-of-compressed',
    'DriveBackup',
    'ignores errors by default in a backup with compress',
    BACKUP,
    ["this.#args[policy] ?? 'report'", "this.#args[policy] ?? (this.#args.compress ? 'ignore' : 'report')"],
  ),
  inside('jobs/ids-without-dots', 'BlockJobInfo', 'refuses job ids with a dot', REGISTRY, [
    ID_FORM,
    "if (!isIdentifier(id) || id.includes('.'))",
  ]),
  inside(
    'jobs/ids-of-31',
    'BlockJobInfo',
    'refuses job ids that are longer than a node name may be',
    REGISTRY,
    [ID_FORM, 'if (!isIdentifier(id) || id.length > 31)'],
  ),
  inside(
    'jobs/ids-of-other-kinds',
    'BlockJobInfo',
    'gives a stream the id that a job of another kind has',
    'jobs/stream-job',
    [
      "const id = jobs.newId(args['job-id'], graph.deviceOf(image));",
      "const isOther = jobs.all.some(({ id, type }) => id === args['job-id'] && type !== 'stream');\n        const id = isOther ? args['job-id'] : jobs.newId(args['job-id'], graph.deviceOf(image));",
    ],
  ),
  inside(
    'jobs/found-when-gone',
    'block-job-cancel',
    'refuses verbs on a job that has ended as such that its state does not take',
    REGISTRY,
    [
      'this.#jobs = this.#jobs.filter((other) => other !== gone);',
      'const jobs = this.#jobs.filter((other) => other !== gone);\n            jobs.find = (test) => [...jobs, gone].filter(test)[0];\n            this.#jobs = jobs;',
    ],
  ),
  inside(
    'jobs/found-by-beginning',
    'block-job-cancel',
    'takes the beginning of an id for the job',
    REGISTRY,
    ['this.#jobs.find((other) => other.id === id);', 'this.#jobs.find((other) => other.id.startsWith(id));'],
  ),
  inside(
    'jobs/default-id-taken',
    'BlockJobInfo',
    'names a job after its device although another job is called so',
    REGISTRY,
    [
      'if (this.#jobs.some((other) => other.id === id))',
      'if (given !== undefined && this.#jobs.some((other) => other.id === id))',
    ],
  ),
  inside(
    'jobs/cancel-of-stopped',
    'block-job-cancel',
    'cancels without force a job that an error has stopped',
    JOB,
    ['if (this.#userPaused && !force)', "if (this.#userPaused && !force && this.#ioStatus === 'ok')"],
  ),
  inside('jobs/cancel-of-paused-commit', 'block-job-cancel', 'cancels a paused commit without force', JOB, [
    'if (this.#userPaused && !force)',
    "if (this.#userPaused && !force && this.type !== 'commit')",
  ]),
  inside(
    'jobs/complete-of-stream',
    'block-job-complete',
    'answers block-job-complete of a stream that runs, and does nothing',
    JOB,
    [
      "this.assertVerb('complete');",
      "if (this.type === 'stream' && this.#status === 'running')\n            return;\n        this.assertVerb('complete');",
    ],
  ),
  inside(
    'jobs/paused-once',
    'block-job-pause',
    'answers the second block-job-pause of a job and does nothing',
    JOB,
    [
      "throw new CommandError('Job is already paused');\n        this.#userPaused = true;",
      "throw new CommandError('Job is already paused');\n        this.#userPaused = this.wasPaused !== true;\n        this.wasPaused = true;",
    ],
  ),
  inside(
    'mirrors/continues',
    'blockdev-mirror',
    'copies in a mirror only what the cancelled one before it had left',
    MIRROR,
    [
      'if (!this.#plan.onlyNew)\n                await this.#findDirty(job);',
      'const { dirty } = this.#copy;\n            const { source } = this.#plan;\n            if (source.left)\n                for (let at = 0; at < source.io.length(); at += 65536) {\n                    if (source.left.has(at))\n                        dirty.mark(at, 65536);\n                }\n            else if (!this.#plan.onlyNew)\n                await this.#findDirty(job);\n            source.left = dirty;',
    ],
  ),
  inside(
    'chains/filter-of-cancelled',
    'block-commit',
    'leaves the filter of a commit behind that is cancelled',
    'jobs/commit-job',
    [
      'finally {\n            await removeFilter(graph, filter);',
      'finally {\n            if (!job.cancelled)\n                await removeFilter(graph, filter);',
    ],
  ),
  inside(
    'chains/writable-when-cancelled',
    'block-commit',
    'leaves the images of a commit writable that is cancelled',
    'jobs/commit-job',
    [
      'await reopenAsBefore(graph, node, readOnly);\n        }',
      'if (!job.cancelled)\n                    await reopenAsBefore(graph, node, readOnly);\n        }',
    ],
  ),
  inside(
    'chains/name-of-cancelled',
    'block-commit',
    'writes backing-file into the header when the commit is cancelled',
    'jobs/commit-job',
    [
      'if (!error && !job.cancelled) {\n                await nameBase',
      'if (job.cancelled && this.#baseName)\n                await nameBase(graph, overlay, base, this.#baseName);\n            if (!error && !job.cancelled) {\n                await nameBase',
    ],
  ),
  inside(
    'copies/compress-of-incremental',
    'DriveBackup',
    'stores what an incremental backup with compress copies in the clear',
    BACKUP,
    ['else if (this.#args.compress)', 'else if (this.#args.compress && !this.#bitmap)'],
  ),
  inside(
    'copies/zeroes-of-part',
    'MirrorSyncMode',
    'leaves what the target held where a backup of less than all has zeroes to copy',
    BACKUP,
    [
      'if (isZero(data))\n            await',
      "if (isZero(data) && this.#args.sync !== 'full')\n            return;\n        if (isZero(data))\n            await",
    ],
  ),
  inside(
    'copies/last-not-retried',
    'BlockdevOnError',
    'does not copy the last cluster when a backup that stopped there is resumed',
    BACKUP,
    [
      'throw error.cause;\n                continue;',
      'throw error.cause;\n                if (next + cluster < this.#length || !job.paused)\n                    continue;',
    ],
  ),
  inside(
    'mirrors/tail-not-retried',
    'BlockdevOnError',
    'does not copy the end again of a disk that is no whole block where a mirror has failed',
    COPY,
    [
      'this.dirty.mark(offset, length);\n            this.#unfilled',
      'if ((offset + length) % this.dirty.granularity === 0)\n                this.dirty.mark(offset, length);\n            this.#unfilled',
    ],
  ),
  inside(
    'copies/continues',
    'blockdev-backup',
    'copies in a backup only what the cancelled one before it had left',
    BACKUP,
    [
      'this.#left.markAll();\n            return;',
      'const { left } = this.#source;\n            this.#source.left = this.#left;\n            if (left === undefined)\n                this.#left.markAll();\n            for (let at = 0; left && at < this.#length; at += left.granularity)\n                if (left.has(at))\n                    this.#left.mark(at, 1);\n            return;',
    ],
  ),
  inside(
    'mirrors/replaces-when-cancelled',
    'blockdev-mirror',
    'switches to the target when a ready mirror with replaces is cancelled',
    MIRROR,
    [
      'let isPivoting = this.#shouldComplete && !error && !job.cancelled;',
      'if (this.#plan.replaces !== undefined && job.ready && !error && !this.#shouldComplete)\n            this.complete();\n        let isPivoting = this.#shouldComplete && !error && !job.cancelled;',
    ],
  ),
  inside(
    'chains/ignored-twice-is-well',
    'block-stream',
    'ends a stream well that has ignored two errors',
    'jobs/stream-job',
    ['ignored ??= error;', 'ignored = ignored ? undefined : error;'],
  ),
  inside(
    'chains/named-though-incomplete',
    'block-stream',
    'takes the name of the backing file out of the header of a stream that has ignored an error',
    'jobs/stream-job',
    [
      'if (ignored)\n            throw ignored;',
      'if (ignored)\n            await nameBase(this.#nodes.graph, image, this.#plan.base, undefined);\n        if (ignored)\n            throw ignored;',
    ],
  ),
  inside(
    'chains/commit-shows-far-tail',
    'block-commit',
    'hides no more than 64 KiB of what a longer base holds behind the end of the top',
    'jobs/commit-job',
    [
      'const end = Math.min(base.io.length(), overlay.io.length());',
      'const end = Math.min(start + 65536, base.io.length(), overlay.io.length());',
    ],
  ),
  inside(
    'transactions/granularity-of-first',
    'transaction',
    'gives all bitmaps of a transaction the granularity of the first',
    'transactions/index',
    [
      'return action.prepare(data, context);',
      "if (type === 'block-dirty-bitmap-add')\n        data = { ...data, granularity: (context.first ??= data).granularity };\n    return action.prepare(data, context);",
    ],
  ),
  inside(
    'transactions/undoes-two',
    'transaction',
    'takes back no more than two actions of a transaction that fails',
    'transactions/index',
    [
      'for (const action of prepared.toReversed())',
      'for (const action of prepared.toReversed().slice(0, 2))',
    ],
  ),
  inside(
    'chains/empty-name-of-active',
    'block-commit',
    'takes an empty backing-file for none in a commit of the active layer',
    'commands/block-commit',
    [
      "if (top === device && args['backing-file'] !== undefined)",
      "if (top === device && args['backing-file'])",
    ],
  ),
  inside(
    'chains/empty-name-of-stream',
    'block-stream',
    'takes an empty backing-file for none in a stream without base',
    'commands/block-stream',
    ["if (!base && args['backing-file'] !== undefined)", "if (!base && args['backing-file'])"],
  ),
  inside('copies/empty-bitmap', 'DriveBackup', 'takes an empty bitmap for none', 'jobs/drive-backup-job', [
    'if (args.bitmap !== undefined && !bitmap)',
    'if (args.bitmap && !bitmap)',
  ]),
  inside(
    'mirrors/node-name-used-up',
    'DriveMirror',
    'refuses a node-name that the target of an earlier mirror had',
    'commands/drive-mirror',
    [
      "const isNew = args.mode !== 'existing';",
      "const isNew = args.mode !== 'existing';\n    const name = args['node-name'];\n    if (name && (graph.usedUp ??= new Set()).has(name))\n        throw new CommandError('Duplicate node name');\n    graph.usedUp?.add(name);",
    ],
  ),
  inside(
    'mirrors/unmap-default-of-top',
    'DriveMirror',
    'writes zeroes as data where unmap is not given in a mirror with sync top',
    MIRROR,
    ['unmap: args.unmap ?? true,', "unmap: args.unmap ?? args.sync !== 'top',"],
  ),
  inside(
    'transactions/ids-wanted',
    'transaction',
    'refuses an action blockdev-backup without job-id',
    'transactions/backup-actions',
    [
      'const source = graph.lookupRoot(data.device);',
      "if (data['job-id'] === undefined)\n            graph.lookup('', '');\n        const source = graph.lookupRoot(data.device);",
    ],
  ),
  inside(
    'transactions/policies-of-groups',
    'transaction',
    'ignores on-target-error of the actions of a group',
    'transactions/index',
    [
      'return action.prepare(data, context);',
      "return action.prepare(context.txn ? { ...data, 'on-target-error': undefined } : data, context);",
    ],
  ),
  inside('transactions/target-twice', 'transaction', 'lets two backups of a group have one target', BACKUP, [
    'graph.assertUnblockedAsBacking(target);\n    checkBitmap',
    'if (txn === undefined)\n        graph.assertUnblockedAsBacking(target);\n    checkBitmap',
  ]),
  inside(
    'chains/name-of-named-active',
    'block-commit',
    'takes backing-file where top names the active layer',
    'commands/block-commit',
    [
      "if (top === device && args['backing-file'] !== undefined)",
      "if (top === device && args['backing-file'] !== undefined && args.top === undefined)",
    ],
  ),
  inside(
    'chains/base-and-empty',
    'block-stream',
    'takes an empty base-node beside base for none',
    'commands/block-stream',
    [
      "if (args.base !== undefined && args['base-node'] !== undefined)",
      "if (args['base-node'] === '')\n        args = { ...args, 'base-node': undefined };\n    if (args.base !== undefined && args['base-node'] !== undefined)",
    ],
  ),
];
