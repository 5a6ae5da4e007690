/** Saboteurs of jobs that are right in the plain situation, and not in another: another mode, kind or state, the second of two. */
import { inside, type Saboteur } from './saboteur.ts';

const MIRROR = 'jobs/mirror-job';
const COPY = 'jobs/mirror-copy';
const BACKUP = 'jobs/backup-job';
const REGISTRY = 'jobs/job-registry';

const ID_FORM = 'if (!isIdentifier(id))';

export const otherSituations: readonly Saboteur[] = [
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
  inside(
    'mirrors/refills-in-part',
    'blockdev-mirror',
    'copies only the last part again of a larger cluster of the target to which copying has failed',
    COPY,
    [
      'this.#unfilled?.mark(offset, length);',
      'if (this.#unfilled) this.dirty.clear(offset, length - this.dirty.granularity);',
    ],
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
];
