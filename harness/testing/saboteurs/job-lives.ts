/** Saboteurs of what becomes of a job: paused and resumed, beside another one, in a transaction. */
import { inside, type Saboteur } from './saboteur.ts';

const JOB = 'jobs/job';
/** Lets drivers know that their job was resumed by the user. */
const REMEMBERS_RESUME = {
  file: JOB,
  find: "this.#ioStatus = 'ok';\n        this.#userPaused = false;\n        this.#resume();",
  put: "this.#ioStatus = 'ok';\n        this.#userPaused = false;\n        this.wasResumed = true;\n        this.#resume();",
};

export const jobLives: readonly Saboteur[] = [
  inside(
    'jobs/newest-limits-all',
    'block-job-set-speed',
    'keeps all jobs together to the speed of the newest',
    JOB,
    [
      'this.limit = new RateLimit(services.clock);',
      'this.limit = services.clock.limit ??= new RateLimit(services.clock);',
    ],
  ),
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
    'chains/commit-filter-nameless',
    'block-commit',
    'makes up a name for the filter of a commit of an intermediate image',
    'jobs/commit-job',
    ["name: args['filter-node-name'],", 'name: undefined,'],
  ),
  inside(
    'mirrors/ready-unflushed',
    'blockdev-mirror',
    'tells a mirror as ready without having flushed its target',
    'jobs/mirror-job',
    [
      "if (isDone && !(await flushed(job, target, 'write', copy.onTargetError)))\n                continue;",
      ';',
    ],
  ),
  inside(
    'mirrors/buf-size-ignored',
    'blockdev-mirror',
    'has more on its way to the target of a mirror than buf-size allows',
    'jobs/mirror-job',
    ['bufferSize: Math.ceil(bufferSize / granularity) * granularity,', 'bufferSize: DEFAULT_BUFFER,'],
  ),
  inside(
    'bitmaps/unpersisted-by-backup',
    'BlockDirtyBitmapAdd',
    'forgets that a bitmap is persistent when an incremental backup with it has succeeded',
    'graph/dirty-bitmap',
    [
      'this.#pages = this.#successor.#pages;',
      'this.#pages = this.#successor.#pages;\n        this.persistent = false;',
    ],
  ),
];
