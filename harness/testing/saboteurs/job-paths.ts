/** Saboteurs of jobs and transactions: what refused verbs leave, options on their second path, far positions, several bitmaps, failed jobs. */
import type { Saboteur } from './saboteur.ts';

export const jobPaths: readonly Saboteur[] = [
  {
    id: 'refusals/negative-speed-lifts',
    definition: 'block-job-set-speed',
    breaks: 'lifts the limit of a job that refuses a negative speed',
    changes: [
      {
        file: 'jobs/job',
        find: 'checkSpeed(speed);\n        this.#speed',
        put: 'if (speed < 0)\n            this.limit.speed = 0n;\n        checkSpeed(speed);\n        this.#speed',
      },
    ],
  },
  {
    id: 'refusals/complete-remembered',
    definition: 'block-job-complete',
    breaks: 'completes a mirror, once it is resumed, that refused to while it was paused',
    changes: [
      {
        file: 'jobs/job',
        find: "this.assertVerb('complete');",
        put: "if (this.#status === 'standby')\n            this.driver.complete();\n        this.assertVerb('complete');",
      },
    ],
  },
  {
    id: 'refusals/transaction-freezes',
    definition: 'transaction',
    breaks: 'leaves the bitmap frozen of an incremental backup of a transaction that it refuses',
    changes: [
      {
        file: 'jobs/job-txn',
        find: 'if (member.error)\n            driver.abort?.();',
        put: 'if (member.error) {\n            if (member.started)\n                driver.abort?.();\n        }',
      },
    ],
  },
  {
    id: 'transactions/policy-forgotten',
    definition: 'transaction',
    breaks: 'ignores on-target-error of the action blockdev-backup',
    changes: [
      {
        file: 'transactions/backup-actions',
        find: 'createBackup(context, { source, target }, data, context.txn)',
        put: "createBackup(context, { source, target }, { ...data, 'on-target-error': undefined }, context.txn)",
      },
    ],
  },
  {
    id: 'transactions/compress-forgotten',
    definition: 'transaction',
    breaks: 'ignores compress of the action drive-backup',
    changes: [
      {
        file: 'transactions/backup-actions',
        find: 'createDriveBackup(context, data, context.txn)',
        put: 'createDriveBackup(context, { ...data, compress: undefined }, context.txn)',
      },
    ],
  },
  {
    id: 'transactions/persistence-forgotten',
    definition: 'transaction',
    breaks: 'ignores persistent of the action block-dirty-bitmap-add',
    changes: [
      {
        file: 'transactions/bitmap-actions',
        find: 'addBitmap(block.graph, data)',
        put: 'addBitmap(block.graph, { ...data, persistent: undefined })',
      },
    ],
  },
  {
    id: 'transactions/mode-forgotten',
    definition: 'transaction',
    breaks: 'makes the image anew whatever mode the action blockdev-snapshot-sync has',
    changes: [
      {
        file: 'transactions/snapshot-actions',
        find: 'prepareSnapshotSync(block.graph, data)',
        put: 'prepareSnapshotSync(block.graph, { ...data, mode: undefined })',
      },
    ],
  },
  {
    id: 'copies/other-bitmaps-cleared',
    definition: 'drive-backup',
    breaks: 'clears all bitmaps of a node when an incremental backup with one of them has succeeded',
    changes: [
      {
        file: 'jobs/backup-job',
        find: 'this.#source.bitmaps.abdicate(this.#bitmap);',
        put: '{\n            this.#source.bitmaps.abdicate(this.#bitmap);\n            for (const other of this.#source.bitmaps.all)\n                if (other !== this.#bitmap)\n                    other.clear();\n        }',
      },
    ],
  },
  {
    id: 'mirrors/far-in-32-bits',
    definition: 'blockdev-mirror',
    breaks: 'writes what a mirror copies to where 32 bits of its position lead',
    changes: [
      {
        file: 'jobs/mirror-copy',
        find: 'await io.write(offset, data);',
        put: 'await io.write(offset % 2 ** 32, data);',
      },
    ],
  },
  {
    id: 'chains/far-in-32-bits',
    definition: 'block-stream',
    breaks: 'streams what is beyond 4 GiB to where 32 bits of its position lead',
    changes: [
      {
        file: 'jobs/stream-job',
        find: 'image.io.copyOnRead(job.progress.offset,',
        put: 'image.io.copyOnRead(job.progress.offset % 2 ** 32,',
      },
    ],
  },
  {
    id: 'jobs/len-in-32-bits',
    definition: 'BLOCK_JOB_COMPLETED',
    breaks: 'tells 32 bits of len and offset',
    changes: [
      {
        file: 'jobs/job',
        find: 'return { device: this.id, len, offset,',
        put: 'return { device: this.id, len: len % 2 ** 32, offset: offset % 2 ** 32,',
      },
    ],
  },
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
    ],
  },
  {
    id: 'chains/failed-commit-writable',
    definition: 'block-commit',
    breaks: 'leaves the base writable of a commit that failed',
    changes: [
      {
        file: 'jobs/commit-job',
        find: 'for (const [node, readOnly] of wasReadOnly.toReversed())\n                await reopenAsBefore',
        put: 'for (const [node, readOnly] of error ? [] : wasReadOnly.toReversed())\n                await reopenAsBefore',
      },
    ],
  },
  {
    id: 'chains/failed-stream-writable',
    definition: 'block-stream',
    breaks: 'leaves a read-only image writable after a stream that failed',
    changes: [
      {
        file: 'jobs/stream-job',
        find: 'finally {\n            await reopenAsBefore(graph, image, wasReadOnly);',
        put: 'finally {\n            if (!error)\n                await reopenAsBefore(graph, image, wasReadOnly);',
      },
    ],
  },
];
