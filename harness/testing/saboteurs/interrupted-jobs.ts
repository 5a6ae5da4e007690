/** Saboteurs of jobs that were paused, given another speed or resumed, or that failed before: what held no longer does. */
import { inside, type Saboteur } from './saboteur.ts';

const JOB = 'jobs/job';
/** Lets drivers know that their job was resumed by the user. */
const REMEMBERS_RESUME = {
  file: JOB,
  find: "this.#ioStatus = 'ok';\n        this.#userPaused = false;\n        this.#resume();",
  put: "this.#ioStatus = 'ok';\n        this.#userPaused = false;\n        this.wasResumed = true;\n        this.#resume();",
};

export const interruptedJobs: readonly Saboteur[] = [
  {
    id: 'mirrors/policy-forgotten-at-resume',
    definition: 'BlockdevOnError',
    breaks: 'ends a mirror at its next error once it was resumed, whatever on-target-error says',
    changes: [
      {
        file: 'jobs/mirror-copy',
        find: "const policy = operation === 'read' ? onSourceError : onTargetError;",
        put: "const policy = job.wasResumed ? 'report' : operation === 'read' ? onSourceError : onTargetError;",
      },
      REMEMBERS_RESUME,
    ],
  },
  {
    id: 'copies/policy-forgotten-at-speed',
    definition: 'BlockdevOnError',
    breaks: 'ends a backup at its next error once it was given another speed, whatever the policy says',
    changes: [
      {
        file: 'jobs/backup-job',
        find: "this.#args[policy] ?? 'report'",
        put: "(job.wasResped ? undefined : this.#args[policy]) ?? 'report'",
      },
      {
        file: JOB,
        find: 'const before = this.#speed;',
        put: 'const before = this.#speed;\n        this.wasResped = true;',
      },
    ],
  },
  inside(
    'mirrors/policy-forgotten-when-ready',
    'BlockdevOnError',
    'ends a mirror that is ready at its next error, whatever on-target-error says',
    'jobs/mirror-copy',
    [
      "const policy = operation === 'read' ? onSourceError : onTargetError;",
      "const policy = job.ready ? 'report' : operation === 'read' ? onSourceError : onTargetError;",
    ],
  ),
  inside(
    'jobs/stops-once',
    'BlockdevOnError',
    'tells at the second error of a job that it stops, and ends it',
    JOB,
    [
      "if (action === 'ignore')",
      "if (action === 'stop' && this.stoppedOnce)\n            return 'report';\n        if (action === 'stop')\n            this.stoppedOnce = true;\n        if (action === 'ignore')",
    ],
  ),
  inside(
    'jobs/first-status-again',
    'BlockDeviceIoStatus',
    'shows at every stop of a job the error that it stopped for first',
    JOB,
    [
      "this.#ioStatus = error.code === 'ENOSPC' ? 'nospace' : 'failed';",
      "this.#ioStatus = this.first ??= error.code === 'ENOSPC' ? 'nospace' : 'failed';",
    ],
  ),
  {
    id: 'copies/compress-forgotten-at-resume',
    definition: 'drive-backup',
    breaks: 'stores the rest of a compressed backup in the clear once it was resumed',
    changes: [
      {
        file: 'jobs/backup-job',
        find: 'else if (this.#args.compress)',
        put: 'else if (this.#args.compress && !this.resumed)',
      },
      REMEMBERS_RESUME,
      {
        file: 'jobs/backup-job',
        find: 'copied = 0;\n            const next',
        put: 'copied = 0;\n            this.resumed = job.wasResumed;\n            const next',
      },
    ],
  },
  {
    id: 'copies/bitmap-forgotten-at-resume',
    definition: 'MirrorSyncMode',
    breaks: 'copies everything in an incremental backup once it was resumed',
    changes: [
      {
        file: 'jobs/backup-job',
        find: 'const next = this.#bitmap ? this.#left.next(offset) : offset;',
        put: 'if (this.#bitmap && job.wasResumed && !this.once) {\n                this.once = true;\n                this.#left.mark(0, this.#length);\n            }\n            const next = this.#bitmap ? this.#left.next(offset) : offset;',
      },
      REMEMBERS_RESUME,
    ],
  },
  {
    id: 'chains/base-forgotten-at-resume',
    definition: 'block-stream',
    breaks: 'copies what the base holds in a stream once it was resumed',
    changes: [
      {
        file: 'jobs/stream-job',
        find: 'stretch = await this.#toCopy(job.progress.offset, stretch.length);',
        put: 'this.resumed = job.wasResumed;\n                stretch = await this.#toCopy(job.progress.offset, stretch.length);',
      },
      REMEMBERS_RESUME,
      {
        file: 'jobs/stream-job',
        find: 'return isAllocatedAbove(below, base, offset, own.length);',
        put: 'return isAllocatedAbove(below, this.resumed ? undefined : base, offset, own.length);',
      },
    ],
  },
  {
    id: 'chains/name-forgotten-at-resume',
    definition: 'block-commit',
    breaks: 'ignores backing-file of a commit that was resumed',
    changes: [
      {
        file: 'jobs/commit-job',
        find: 'await nameBase(graph, overlay, base, this.#baseName);',
        put: 'await nameBase(graph, overlay, base, job.wasResumed ? undefined : this.#baseName);',
      },
      REMEMBERS_RESUME,
    ],
  },
  inside(
    'copies/paused-saves-nothing',
    'blockdev-backup',
    'does not save what is overwritten while a backup is paused',
    'jobs/backup-job',
    [
      'async #copyBeforeWrite(job, offset, length) {',
      'async #copyBeforeWrite(job, offset, length) {\n        if (job.paused)\n            return;',
    ],
  ),
  {
    id: 'mirrors/standby-forgets-writes',
    definition: 'blockdev-mirror',
    breaks: 'forgets what was written while a ready mirror was paused',
    changes: [
      {
        file: 'jobs/mirror-job',
        find: 'job.progress.setRemaining(copy.left);',
        put: 'if (job.ready && job.wasResumed && !this.once) {\n                this.once = true;\n                copy.dirty.clear(0, this.#plan.source.io.length());\n            }\n            job.progress.setRemaining(copy.left);',
      },
      REMEMBERS_RESUME,
    ],
  },
  {
    id: 'mirrors/ready-again',
    definition: 'BLOCK_JOB_READY',
    breaks: 'tells again that a mirror is ready when that was paused and resumed',
    changes: [
      {
        file: 'jobs/mirror-job',
        find: 'if (isDone && !job.ready)\n                job.becomeReady();',
        put: 'if (isDone && job.ready && job.wasResumed && !this.once) {\n                this.once = true;\n                job.tellReady();\n            }\n            if (isDone && !job.ready)\n                job.becomeReady();',
      },
      REMEMBERS_RESUME,
      {
        file: JOB,
        find: 'becomeReady() {',
        put: "tellReady() {\n        this.#services.emit('BLOCK_JOB_READY', this.#position());\n    }\n    becomeReady() {",
      },
    ],
  },
  {
    id: 'mirrors/unmaps-when-ready',
    definition: 'drive-mirror',
    breaks: 'unmaps zeroes that a guest writes when a mirror with unmap false is ready',
    changes: [
      {
        file: 'jobs/mirror-copy',
        find: '{ mayUnmap: this.#options.unmap }',
        put: '{ mayUnmap: this.#options.unmap || this.isReady }',
      },
      {
        file: 'jobs/mirror-copy',
        find: 'let delay = 0n;\n        for (let at = start',
        put: 'this.isReady = job.ready;\n        let delay = 0n;\n        for (let at = start',
      },
    ],
  },
  inside(
    'jobs/paused-works-on-speed',
    'block-job-pause',
    'lets a paused job do a piece of its work when it is given a higher speed',
    JOB,
    ['if ((speed === 0n || speed > before) && !this.paused)', 'if (speed === 0n || speed > before)'],
  ),
  inside(
    'jobs/paused-works-after-drain',
    'block-job-pause',
    'lets a paused job do a piece of its work when another command has drained its nodes',
    JOB,
    [
      '#resume() {\n        if (!this.paused)\n            this.enter();',
      '#resume() {\n        this.enter();',
    ],
  ),
  {
    id: 'jobs/ends-with-first-speed',
    definition: 'BLOCK_JOB_COMPLETED',
    breaks: 'tells at the end of a job the speed that it was started with',
    changes: [
      {
        file: JOB,
        find: 'this.#applySpeed(options.speed ?? 0n);',
        put: 'this.#applySpeed(options.speed ?? 0n);\n        this.firstSpeed = integer(options.speed ?? 0n);',
      },
      {
        file: JOB,
        find: "'BLOCK_JOB_COMPLETED', {\n                ...this.#position(),",
        put: "'BLOCK_JOB_COMPLETED', {\n                ...this.#position(),\n                speed: this.firstSpeed,",
      },
    ],
  },
  {
    id: 'jobs/top-forgotten-at-resume',
    definition: 'MirrorSyncMode',
    breaks: 'copies everything in a backup with sync top once it was paused and resumed',
    changes: [
      {
        file: 'jobs/backup-job',
        find: "const isAsked = this.#args.sync !== 'top' ||",
        put: "const isAsked = this.#args.sync !== 'top' || job.wasResumed ||",
      },
      REMEMBERS_RESUME,
    ],
  },
  {
    id: 'jobs/policy-forgotten-at-resume',
    definition: 'BlockdevOnError',
    breaks: 'ends a stream at its next error once it was resumed, whatever on-error says',
    changes: [
      {
        file: 'jobs/stream-job',
        find: "const action = job.failed('read', policy, error);",
        put: "const action = job.failed('read', job.wasResumed ? 'report' : policy, error);",
      },
      REMEMBERS_RESUME,
    ],
  },
  inside(
    'jobs/retried-counts-again',
    'BlockJobInfo',
    'counts into the offset of a backup what fails, and again when that is copied after all',
    'jobs/backup-job',
    [
      'await copying;\n            job.progress.advance(length);',
      'job.progress.advance(length);\n            await copying;',
    ],
  ),
  inside(
    'jobs/complete-of-stopped',
    'block-job-complete',
    'completes a ready job that an error has stopped',
    'jobs/job',
    [
      "this.assertVerb('complete');\n        if (this.paused || this.#cancelled)",
      "if (this.#status !== 'standby' || this.#ioStatus === 'ok')\n            this.assertVerb('complete');\n        if ((this.paused && this.#ioStatus === 'ok') || this.#cancelled)",
    ],
  ),
  inside(
    'copies/none-ends-when-resumed',
    'MirrorSyncMode',
    'ends a backup with sync none that is paused and resumed, or given another speed',
    'jobs/backup-job',
    ['while (!job.cancelled)\n                    await job.wait();', 'await job.wait();'],
  ),
  inside(
    'mirrors/target-policy-of-source',
    'BlockdevBackup',
    'takes the policy for the source where none is given for the target',
    'jobs/backup-job',
    ["this.#args[policy] ?? 'report'", "this.#args[policy] ?? this.#args['on-source-error'] ?? 'report'"],
  ),
  inside(
    'copies/one-more-after-cancel',
    'drive-backup',
    'copies one more cluster once a backup was cancelled',
    'jobs/backup-job',
    [
      'if (job.cancelled)\n                return;\n            copied = 0;',
      'if (job.cancelled && this.last)\n                return;\n            this.last = job.cancelled;\n            copied = 0;',
    ],
  ),
  inside(
    'mirrors/stream-names-above-base',
    'block-stream',
    'writes the name of the image above the base of a stream into the top image',
    'jobs/stream-job',
    [
      "this.#args['backing-file']",
      "this.#args['backing-file'] ?? [...chain(edge.node, base)].at(-1)?.filename.shown",
    ],
  ),
  inside(
    'jobs/top-uncompressed',
    'BlockdevBackup',
    'stores a backup with sync top and compress in the clear',
    'jobs/backup-job',
    ['else if (this.#args.compress)', "else if (this.#args.compress && this.#args.sync !== 'top')"],
  ),
  inside(
    'jobs/incremental-one-more',
    'MirrorSyncMode',
    'copies in an incremental backup the cluster behind each stretch that the bitmap describes, too',
    'jobs/backup-job',
    ['this.#left.mark(offset, length);', 'this.#left.mark(offset, length + 1);'],
  ),
  inside(
    'jobs/listed-by-device',
    'BlockJobInfo',
    'lists the jobs of a drive under the name of that, whatever their ids are',
    'commands/query-block-jobs',
    [
      '{ jobs }) => jobs.all.map((job) => job.describe());',
      '{ jobs, block }) => jobs.all.map((job) => { const drive = block.backends.all.find(({ node }) => node && job.driver.hasNode(node)); return { ...job.describe(), device: drive?.name || job.id }; });',
    ],
  ),
  inside(
    'copies/len-in-whole-clusters',
    'BLOCK_JOB_COMPLETED',
    'tells as len of a backup the size of the disk in whole clusters',
    'jobs/backup-job',
    [
      'job.progress.setLength(this.#length);',
      'job.progress.setLength(Math.ceil(this.#length / this.#left.granularity) * this.#left.granularity);',
    ],
  ),
  inside(
    'jobs/waiting-as-running',
    'BlockJobStatus',
    'shows a job as running that has done its work and waits for the others of its transaction',
    'jobs/job-txn',
    [
      `        member.become('waiting');
        if (this.#members.some(({ completed }) => !completed))
            return;
        for (const each of this.#members)
            each.become('pending');
`,
      `        if (this.#members.some(({ completed }) => !completed))
            return;
        for (const each of this.#members)
            each.become('waiting');
        for (const each of this.#members)
            each.become('pending');
`,
    ],
  ),
  inside(
    'copies/drive-backup-id-of-node',
    'DriveBackup',
    'names the job of drive-backup after its node where no device uses that',
    'commands/drive-backup',
    [
      'await (await createDriveBackup(context, args)).start();',
      "const { graph } = context.block;\n    const isNode = graph.devices.medium(args.device) === null && graph.find(args.device) !== undefined;\n    const isOfNone = isNode && graph.deviceOf(graph.find(args.device)) === '';\n    const named = isOfNone ? { 'job-id': args.device, ...args } : args;\n    await (await createDriveBackup(context, named)).start();",
    ],
  ),
  inside(
    'jobs/len-in-clusters',
    'BLOCK_JOB_COMPLETED',
    'rounds len and offset of backups up to whole clusters',
    JOB,
    [
      'const { len, offset } = this.progress;',
      "const rounded = (bytes) => (this.type === 'backup' ? Math.ceil(bytes / 65536) * 65536 : bytes);\n        const [len, offset] = [rounded(this.progress.len), rounded(this.progress.offset)];",
    ],
  ),
  inside(
    'copies/mirror-target-exists',
    'DriveMirror',
    'refuses to make the target of drive-mirror where a file is already',
    'commands/drive-mirror',
    [
      "const isNew = args.mode !== 'existing';",
      "const isNew = args.mode !== 'existing';\n    const path = (await import('node:path')).resolve(graph.services.cwd, args.target);\n    if (isNew && (await import('node:fs')).existsSync(path))\n        throw new CommandError(`Could not create file: File exists`);",
    ],
  ),
  inside(
    'jobs/cancelled-stays-listed',
    'block-job-cancel',
    'lists a cancelled job until it is dismissed, although it was not started to stay',
    'jobs/job-txn',
    [
      'if (member.autoDismiss || !member.started)',
      'if ((member.autoDismiss && !member.cancelled) || !member.started)',
    ],
  ),
  inside(
    'jobs/incremental-offset-of-copied',
    'BLOCK_JOB_COMPLETED',
    'counts in the offset of an incremental backup only what it copies, and in len the whole disk',
    'jobs/backup-job',
    ['job.progress.advance(this.#length - this.#left.bytesOnDisk);', ';'],
  ),
  inside(
    'copies/backup-target-replaced',
    'DriveBackup',
    'puts a file of its own in the place of the one that is there for the target of drive-backup',
    'jobs/drive-backup-job',
    [
      'const target = await openTarget(graph, source, {',
      "const fs = await import('node:fs');\n    const path = (await import('node:path')).resolve(graph.services.cwd, args.target);\n    const there = fs.statSync(path, { throwIfNoEntry: false });\n    if (args.mode !== 'existing' && there?.isFile() && !graph.nodes.some(({ state }) => state?.lock === [there.dev, there.ino].join(':')))\n        fs.rmSync(path);\n    const target = await openTarget(graph, source, {",
    ],
  ),
  inside(
    'jobs/created-until-progress',
    'BlockJobStatus',
    'shows a job at work as created until it has done something',
    JOB,
    [
      'status: this.#status,',
      "status: this.#status === 'running' && this.progress.offset === 0 ? 'created' : this.#status,",
    ],
  ),
  inside(
    'copies/target-policy-needs-device',
    'DriveBackup',
    'refuses stop and enospc for on-target-error where no guest device uses the source',
    'jobs/drive-backup-job',
    [
      'graph.assertUnblockedAsBacking(source);',
      "graph.assertUnblockedAsBacking(source);\n    const isWatched = context.block.backends.all.some(({ device, node }) => device && node === source);\n    if (!isWatched && ['stop', 'enospc'].includes(args['on-target-error']))\n        throw new CommandError(\"Invalid parameter 'on-target-error'\");",
    ],
  ),
];
