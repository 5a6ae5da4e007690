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
];
