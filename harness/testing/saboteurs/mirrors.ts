/** Saboteurs of mirrors: what a target lacks at the end. */
import { inside, type Saboteur } from './saboteur.ts';

export const mirrors: readonly Saboteur[] = [
  {
    id: 'mirrors/cancelled-lacks-last',
    definition: 'blockdev-mirror',
    breaks: 'ends a ready mirror that is cancelled without what was written last',
    changes: [
      {
        file: 'jobs/mirror-job',
        find: 'job.progress.setRemaining(copy.left);',
        put: 'job.progress.setRemaining(copy.left);\n            if (job.cancelled && job.ready) {\n                job.endWell();\n                return;\n            }',
      },
      {
        file: 'jobs/mirror-job',
        find: 'await this.#catchUp(job);',
        put: 'if (isPivoting)\n                    await this.#catchUp(job);',
      },
    ],
  },
  inside(
    'mirrors/last-part-lost',
    'blockdev-mirror',
    'does not mirror the end of a disk that is no whole block',
    'jobs/mirror-copy',
    [
      'this.#length = source.io.length();',
      'this.#length = source.io.length() - (source.io.length() % options.granularity);',
    ],
  ),
  inside(
    'mirrors/failed-not-retried',
    'blockdev-mirror',
    'does not copy again what a mirror failed at and went on from',
    'jobs/mirror-copy',
    ['this.dirty.mark(offset, length);', ';'],
  ),
  inside(
    'mirrors/existing-without-backing',
    'NewImageMode',
    'leaves an existing target without its backing file when a mirror completes',
    'commands/drive-mirror',
    ['openBacking: isNew ? undefined : () => openBacking(graph, target),', 'openBacking: undefined,'],
  ),
];
