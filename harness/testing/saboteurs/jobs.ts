/** Saboteurs of jobs of all kinds: states, events, verbs, speed, progress, error policies. */
import { between, inside, type Saboteur } from './saboteur.ts';

const JOB = 'jobs/job';

/** Sends an event of this name `count` times. */
function repeating(name: string, count: number) {
  return () => ({
    outgoing: (message: { readonly event?: unknown }) =>
      message.event === name ? Array(count).fill(message) : [message],
  });
}

export const jobs: readonly Saboteur[] = [
  between(
    'jobs/ready-twice',
    'BLOCK_JOB_READY',
    'sends BLOCK_JOB_READY twice',
    repeating('BLOCK_JOB_READY', 2),
  ),
  between(
    'jobs/completed-twice',
    'BLOCK_JOB_COMPLETED',
    'sends BLOCK_JOB_COMPLETED twice',
    repeating('BLOCK_JOB_COMPLETED', 2),
  ),
  between(
    'jobs/no-ready',
    'BLOCK_JOB_READY',
    'does not send BLOCK_JOB_READY',
    repeating('BLOCK_JOB_READY', 0),
  ),
  between(
    'jobs/no-cancelled',
    'BLOCK_JOB_CANCELLED',
    'does not send BLOCK_JOB_CANCELLED',
    repeating('BLOCK_JOB_CANCELLED', 0),
  ),
  between(
    'jobs/no-error-event',
    'BLOCK_JOB_ERROR',
    'does not send BLOCK_JOB_ERROR',
    repeating('BLOCK_JOB_ERROR', 0),
  ),
  inside('jobs/cancelled-as-completed', 'BLOCK_JOB_CANCELLED', 'tells cancelled jobs as completed', JOB, [
    "this.#services.emit('BLOCK_JOB_CANCELLED', this.#position());",
    "this.#services.emit('BLOCK_JOB_COMPLETED', this.#position());",
  ]),
  inside('jobs/error-not-told', 'BLOCK_JOB_COMPLETED', 'leaves the error out of BLOCK_JOB_COMPLETED', JOB, [
    '...(this.#error ? { error: this.#error.message } : {}),',
    '',
  ]),
  inside('jobs/error-empty-on-success', 'BLOCK_JOB_COMPLETED', 'tells an error of jobs that succeed', JOB, [
    '...(this.#error ? { error: this.#error.message } : {}),',
    "error: this.#error ? this.#error.message : 'Success',",
  ]),
  inside('jobs/event-without-speed', 'BLOCK_JOB_COMPLETED', 'tells a speed of 0 in events', JOB, [
    'return { device: this.id, len, offset, speed: integer(this.#speed), type: this.type };',
    'return { device: this.id, len, offset, speed: 0, type: this.type };',
  ]),
  inside('jobs/type-always-mirror', 'BlockJobType', 'tells every job as a mirror', JOB, [
    'return { device: this.id, len, offset, speed: integer(this.#speed), type: this.type };',
    "return { device: this.id, len, offset, speed: integer(this.#speed), type: 'mirror' };",
  ]),
  inside(
    'jobs/offset-beyond-len',
    'BlockJobInfo',
    'tells an offset beyond len at the end',
    'jobs/job-progress',
    ['this.#offset += bytes;', 'this.#offset += bytes + (this.#offset + bytes === this.#len ? 512 : 0);'],
  ),
  inside('jobs/no-progress', 'BlockJobInfo', 'tells an offset of 0 until a job is done', JOB, [
    'ready: this.#ready,\n            ...this.#position(),',
    'ready: this.#ready,\n            ...this.#position(),\n            offset: this.#bodyDone ? this.progress.offset : 0,',
  ]),
  inside('jobs/status-stale', 'BlockJobInfo', 'shows a paused job as running', JOB, [
    'status: this.#status,\n            paused',
    "status: this.#status === 'paused' ? 'running' : this.#status,\n            paused",
  ]),
  inside('jobs/ready-not-shown', 'BlockJobInfo', 'shows ready as false', JOB, [
    'ready: this.#ready,\n',
    'ready: false,\n',
  ]),
  inside('jobs/paused-not-shown', 'BlockJobInfo', 'shows paused as false', JOB, [
    'paused: this.paused,',
    'paused: false,',
  ]),
  inside('jobs/busy-always', 'BlockJobInfo', 'shows jobs as busy that rest', JOB, [
    'busy: this.#waiting.busy,',
    'busy: true,',
  ]),
  inside('jobs/io-status-ok', 'BlockJobInfo', 'shows io-status ok after errors', JOB, [
    "'io-status': this.#ioStatus,",
    "'io-status': 'ok',",
  ]),
  inside('jobs/io-status-failed-for-nospace', 'BlockDeviceIoStatus', 'tells ENOSPC as failed', JOB, [
    "error.code === 'ENOSPC' ? 'nospace' : 'failed'",
    "'failed'",
  ]),
  inside('jobs/io-status-kept', 'block-job-resume', 'keeps the io-status of a job that is resumed', JOB, [
    "this.assertVerb('resume');\n        this.#ioStatus = 'ok';",
    "this.assertVerb('resume');",
  ]),
  inside('jobs/pause-ignored', 'block-job-pause', 'shows a paused job as paused and goes on with it', JOB, [
    'if (!this.paused || this.#cancelled)\n            return;\n        await this.driver.pause?.();',
    'return;\n        await this.driver.pause?.();',
  ]),
  inside('jobs/pause-counts', 'block-job-pause', 'wants as many resumes as there were pauses', JOB, [
    "throw new CommandError('Job is already paused');",
    'this.#drains += 1;',
  ]),
  inside('jobs/resume-unpaused', 'block-job-resume', 'takes block-job-resume for a job that runs', JOB, [
    'if (!this.#userPaused)\n            throw new CommandError("Can\'t resume a job that was not paused");',
    'if (!this.#userPaused)\n            return;',
  ]),
  inside(
    'jobs/resume-does-nothing',
    'block-job-resume',
    'answers block-job-resume and leaves the job paused',
    JOB,
    ['this.#userPaused = false;\n        this.#resume();', 'this.#userPaused = false;'],
  ),
  inside('jobs/cancel-of-paused', 'block-job-cancel', 'cancels a paused job without force', JOB, [
    'if (this.#userPaused && !force)',
    'if (false)',
  ]),
  inside('jobs/force-ignored', 'block-job-cancel', 'refuses to cancel a paused job with force', JOB, [
    'if (this.#userPaused && !force)',
    'if (this.#userPaused)',
  ]),
  inside(
    'jobs/complete-before-ready',
    'block-job-complete',
    'takes block-job-complete before the job is ready',
    'jobs/job-status',
    ["complete: ['ready'],", "complete: ['running', 'ready'],"],
  ),
  inside('jobs/complete-of-paused', 'block-job-complete', 'completes a job that is paused', JOB, [
    'if (this.paused || this.#cancelled)',
    'if (this.#cancelled)',
  ]),
  inside(
    'jobs/cancel-of-ready-fails',
    'block-job-cancel',
    'tells a ready mirror that is cancelled as cancelled',
    'jobs/mirror-job',
    ['job.endWell();\n', 'if (this.#shouldComplete)\n                    job.endWell();\n'],
  ),
  inside(
    'jobs/cancel-pivots',
    'block-job-cancel',
    'switches to the target when a ready mirror is cancelled',
    'jobs/mirror-job',
    [
      'let isPivoting = this.#shouldComplete && !error && !job.cancelled;',
      'let isPivoting = job.ready && !error && !job.cancelled;',
    ],
  ),
  inside('jobs/speed-not-shown', 'block-job-set-speed', 'applies a new speed and shows the old one', JOB, [
    'this.#speed = speed;\n        this.limit.speed = speed;',
    'if (!this.#started)\n            this.#speed = speed;\n        this.limit.speed = speed;',
  ]),
  inside('jobs/speed-not-applied', 'block-job-set-speed', 'shows a speed and does not apply it', JOB, [
    'this.limit.speed = speed;',
    ';',
  ]),
  inside(
    'jobs/set-speed-not-applied',
    'block-job-set-speed',
    'shows a speed that is set later and keeps to the first',
    JOB,
    ['this.limit.speed = speed;', 'if (!this.#started)\n            this.limit.speed = speed;'],
  ),
  inside(
    'jobs/limit-twentyfold',
    'block-job-set-speed',
    'copies twenty times as fast as the speed allows',
    'jobs/rate-limit',
    ['const share = bytes / SLICES_A_SECOND;', 'const share = (bytes * 20n) / SLICES_A_SECOND;'],
  ),
  inside('jobs/limit-half', 'block-job-set-speed', 'takes the speed for bits a second', 'jobs/rate-limit', [
    'const share = bytes / SLICES_A_SECOND;',
    'const share = bytes / 8n / SLICES_A_SECOND;',
  ]),
  inside('jobs/speed-negative', 'block-job-set-speed', 'takes a negative speed for none', JOB, [
    'throw new CommandError("Invalid parameter \'speed\'");',
    'return;',
  ]),
  inside(
    'jobs/speed-lost-on-resume',
    'block-job-set-speed',
    'lifts the limit of a job when it is resumed',
    JOB,
    [
      'this.#userPaused = false;\n        this.#resume();',
      'this.#userPaused = false;\n        this.limit.speed = 0n;\n        this.#resume();',
    ],
  ),
  inside(
    'jobs/ids-taken-twice',
    'query-block-jobs',
    'takes a job id that another job has',
    'jobs/job-registry',
    ['if (this.#jobs.some((other) => other.id === id))', 'if (false)'],
  ),
  inside('jobs/ids-of-any-form', 'blockdev-backup', 'takes job ids of any form', 'jobs/job-registry', [
    '!isIdentifier(id)',
    'false',
  ]),
  inside(
    'jobs/no-job-class',
    'block-job-cancel',
    'refuses unknown jobs with GenericError',
    'jobs/job-registry',
    ["not found`, 'DeviceNotActive')", 'not found`)'],
  ),
  inside(
    'jobs/policy-ignore-stops',
    'BlockdevOnError',
    'stops on errors that it should ignore',
    'backend/error-action',
    ['return policy;\n', "return policy === 'ignore' ? 'stop' : policy;\n"],
  ),
  inside(
    'jobs/policy-stop-reports',
    'BlockdevOnError',
    'ends a job on errors that should stop it',
    'backend/error-action',
    ['return policy;\n', "return policy === 'stop' ? 'report' : policy;\n"],
  ),
  inside(
    'jobs/policy-report-ignores',
    'BlockdevOnError',
    'ignores errors that it should report',
    'backend/error-action',
    ['return policy;\n', "return policy === 'report' ? 'ignore' : policy;\n"],
  ),
  inside(
    'jobs/enospc-always-stops',
    'BlockdevOnError',
    'stops on any error with the policy enospc',
    'backend/error-action',
    ["return error.code === 'ENOSPC' ? 'stop' : 'report';", "return 'stop';"],
  ),
  inside(
    'jobs/enospc-never-stops',
    'BlockdevOnError',
    'reports ENOSPC with the policy enospc',
    'backend/error-action',
    ["return error.code === 'ENOSPC' ? 'stop' : 'report';", "return 'report';"],
  ),
  inside(
    'jobs/error-of-other-operation',
    'BLOCK_JOB_ERROR',
    'tells errors of reading as those of writing',
    JOB,
    [
      "this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation, action });",
      "this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation: 'write', action });",
    ],
  ),
  inside(
    'jobs/error-of-other-action',
    'BLOCK_JOB_ERROR',
    'tells the action as report whatever it does',
    JOB,
    [
      "this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation, action });",
      "this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation, action: 'report' });",
    ],
  ),
  inside(
    'jobs/policies-swapped',
    'DriveBackup',
    'applies on-target-error of a backup to its source',
    'jobs/backup-job',
    [
      "const policy = error.operation === 'read' ? 'on-source-error' : 'on-target-error';",
      "const policy = error.operation === 'read' ? 'on-target-error' : 'on-source-error';",
    ],
  ),
  inside(
    'jobs/mirror-policies-swapped',
    'blockdev-mirror',
    'applies on-target-error of a mirror to its source',
    'jobs/mirror-copy',
    [
      "const policy = operation === 'read' ? onSourceError : onTargetError;",
      "const policy = operation === 'read' ? onTargetError : onSourceError;",
    ],
  ),
  inside(
    'jobs/stream-ignored-error-forgotten',
    'block-stream',
    'completes a stream that ignored errors without an error',
    'jobs/stream-job',
    ['if (ignored)\n            throw ignored;', ';'],
  ),
  inside(
    'jobs/failed-not-retried',
    'BlockdevOnError',
    'skips what failed when a stopped backup is resumed',
    'jobs/backup-job',
    ['this.#left.mark(offset, 1);\n            throw error;', 'throw error;'],
  ),
  inside(
    'jobs/standby-as-paused',
    'BlockJobStatus',
    'shows a ready job that is paused as one that is not ready',
    JOB,
    [
      'status: this.#status,\n            paused',
      "status: this.#status === 'standby' ? 'paused' : this.#status,\n            paused",
    ],
  ),
  inside(
    'jobs/cancelled-not-listed',
    'block-job-cancel',
    'does not list a job any more once it is to be cancelled',
    'commands/query-block-jobs',
    ['jobs.all.map(', 'jobs.all.filter(({ cancelled }) => !cancelled).map('],
  ),
  inside('jobs/len-in-32-bits', 'BLOCK_JOB_COMPLETED', 'tells 32 bits of len and offset', JOB, [
    'return { device: this.id, len, offset,',
    'return { device: this.id, len: len % 2 ** 32, offset: offset % 2 ** 32,',
  ]),
  inside(
    'jobs/speed-in-32-bits',
    'BlockdevBackup',
    'starts jobs with the lower 32 bits of their speed',
    JOB,
    [
      'this.#applySpeed(options.speed ?? 0n);',
      'const { speed = 0n } = options;\n        this.#applySpeed(speed > 0n ? BigInt.asUintN(32, speed) : speed);',
    ],
  ),
  inside(
    'jobs/set-speed-in-32-bits',
    'block-job-set-speed',
    'takes the lower 32 bits of a speed that is set later',
    JOB,
    [
      "this.assertVerb('set-speed');",
      "this.assertVerb('set-speed');\n        if (speed > 0n)\n            speed = BigInt.asUintN(32, speed);",
    ],
  ),
  inside(
    'jobs/ids-without-case',
    'BlockJobInfo',
    'takes ids of jobs that differ in case only for the same',
    'jobs/job-registry',
    [
      'other.id === id))\n            throw new CommandError(`Job ID',
      'other.id.toLowerCase() === id.toLowerCase()))\n            throw new CommandError(`Job ID',
    ],
  ),
  inside(
    'jobs/error-forgotten-with-speed',
    'BlockDeviceIoStatus',
    'shows io-status ok once a stopped job is given another speed',
    'jobs/job',
    [
      'const before = this.#speed;\n        this.#applySpeed(speed);',
      "const before = this.#speed;\n        this.#applySpeed(speed);\n        this.#ioStatus = 'ok';",
    ],
  ),
  inside(
    'jobs/job-named-as-asked',
    'block-stream',
    'names a stream after the node where that is given and not the device',
    'jobs/stream-job',
    [
      "jobs.newId(args['job-id'], graph.deviceOf(image))",
      "jobs.newId(args['job-id'], graph.deviceOf(image) && args.device)",
    ],
  ),
  inside(
    'jobs/speed-gone-when-ready',
    'BLOCK_JOB_COMPLETED',
    'tells a speed of 0 at the end of a job that has been ready',
    'jobs/job',
    [
      '...this.#position(),\n                ...(this.#error',
      '...this.#position(),\n                ...(this.#ready && { speed: 0 }),\n                ...(this.#error',
    ],
  ),
];
