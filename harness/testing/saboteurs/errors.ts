/** Saboteurs of errors: policies, what is told of them, and what they leave behind. */
import { inside, type Saboteur } from './saboteur.ts';

export const errors: readonly Saboteur[] = [
  inside(
    'errors/stream-stops-by-default',
    'block-stream',
    'stops a stream for want of space without on-error',
    'jobs/stream-job',
    ["policy = 'report' }", "policy = 'enospc' }"],
  ),
  inside(
    'errors/auto-reports',
    'BlockdevOnError',
    'ends a job for want of space with the policy auto',
    'backend/error-action',
    [
      "case 'enospc':\n        case 'auto':",
      "case 'auto':\n            return 'report';\n        case 'enospc':",
    ],
  ),
  inside('errors/commit-untold', 'block-commit', 'does not tell what a commit fails at', 'jobs/commit-job', [
    "job.failed(operation, 'report', error);",
    ';',
  ]),
  inside(
    'errors/commit-of-no-name',
    'block-commit',
    'refuses a commit of a device with an empty name as a generic error',
    'commands/block-commit',
    ["not found`, 'DeviceNotFound')", "not found`, name === '' ? 'GenericError' : 'DeviceNotFound')"],
  ),
  inside(
    'errors/commit-by-filename',
    'block-commit',
    'takes the name of an image file for a device to commit',
    'commands/block-commit',
    [
      'graph.find(name);\n    if (!node)',
      'graph.find(name) ??\n        graph.nodes.find(({ filename }) => filename.shown === name);\n    if (!node)',
    ],
  ),
  inside('errors/passwd-taken', 'block_passwd', 'takes a password', 'commands/block-passwd', [
    "throw new CommandError('Setting block passwords directly is no longer supported');",
    'return {};',
  ]),
  inside(
    'errors/refused-image-holds-file',
    'x-blockdev-create',
    'keeps the file of an image in use that it refused to make',
    'graph/create-image',
    [
      'if (error instanceof IoError)\n            throw new CommandError(`Could not create image:',
      'used = undefined;\n        if (error instanceof IoError)\n            throw new CommandError(`Could not create image:',
    ],
  ),
  inside(
    'errors/auto-always-stops',
    'BlockdevOnError',
    'stops a job on any error with the policy auto',
    'jobs/job',
    [
      'const action = errorAction(policy, error);',
      "const action = policy === 'auto' ? 'stop' : errorAction(policy, error);",
    ],
  ),
  inside(
    'errors/source-policy-of-target',
    'blockdev-mirror',
    'takes on-target-error of a mirror for the policy of its source where on-source-error is not given',
    'jobs/mirror-job',
    [
      "onSourceError: args['on-source-error'] ?? 'report',",
      "onSourceError: args['on-source-error'] ?? args['on-target-error'] ?? 'report',",
    ],
  ),
  inside(
    'errors/enospc-told-as-stop',
    'BlockErrorAction',
    'tells that the machine stops for each error of a drive with the policy enospc',
    'backend/guest-requests',
    [
      'operation,\n            action,',
      "operation,\n            action: action === 'report' && this.#policy(operation) === 'enospc' ? 'stop' : action,",
    ],
  ),
  inside(
    'errors/full-disk-stops',
    'BlockErrorAction',
    'stops the machine where the policy is report and the disk is full',
    'backend/error-action',
    ['return policy;', "return policy === 'report' && error.code === 'ENOSPC' ? 'stop' : policy;"],
  ),
  inside(
    'errors/stream-ignores-errors',
    'block-stream',
    'ignores errors of a stream where on-error is not given',
    'jobs/stream-job',
    ["policy = 'report' }", "policy = 'ignore' }"],
  ),
  inside(
    'errors/backup-writes-as-reads',
    'BLOCK_JOB_ERROR',
    'tells what a backup cannot write as something that it cannot read',
    'jobs/backup-job',
    ['job.failed(error.operation,', "job.failed('read',"],
  ),
  inside(
    'errors/nospace-once',
    'BlockDeviceIoStatus',
    'has the io-status failed when space is wanting for the second time',
    'backend/guest-requests',
    [
      "this.#status = error.code === 'ENOSPC' ? 'nospace' : 'failed';",
      "this.#status = error.code === 'ENOSPC' && !this.wasFull ? 'nospace' : 'failed';\n        this.wasFull ||= error.code === 'ENOSPC';",
    ],
  ),
  inside(
    'errors/backup-reports-at-end',
    'BlockdevOnError',
    'goes on with a backup after an error that it reports, and fails at its end',
    'jobs/backup-job',
    [
      `                if (job.failed(error.operation, this.#args[policy] ?? 'report', error.cause) === 'report')
                    throw error.cause;
                continue;
            }
            offset = next + cluster;
        }
        await this.#target.io.flush();`,
      `                if (job.failed(error.operation, this.#args[policy] ?? 'report', error.cause) !== 'report')
                    continue;
                this.failure ??= error.cause;
            }
            offset = next + cluster;
        }
        await this.#target.io.flush();
        if (this.failure)
            throw this.failure;`,
    ],
  ),
  inside(
    'errors/flush-reported-as-done',
    'BlockErrorAction',
    'tells the guest that a flush was done whose error it reports',
    'backend/guest-requests',
    [
      'request?.failed(now());\n                    return { ok: false, errno: error.code };',
      "request?.failed(now());\n                    return operation === 'flush' ? DONE : { ok: false, errno: error.code };",
    ],
  ),
];
