/** Saboteurs of events that are not those of jobs alone: what they tell, and when. */
import { inside, type Saboteur } from './saboteur.ts';

export const events: readonly Saboteur[] = [
  inside(
    'events/threshold-gone-already',
    'BLOCK_WRITE_THRESHOLD',
    'tells the threshold as 0, to which it has gone back',
    'graph/block-io',
    [
      'this.#thresholdExceeded(end - Number(threshold), threshold);',
      'this.#thresholdExceeded(end - Number(threshold), this.#writeThreshold);',
    ],
  ),
  inside(
    'events/job-error-once',
    'BLOCK_JOB_ERROR',
    'tells the first error of a job and no other',
    'jobs/job',
    [
      "this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation, action });",
      "if (!this.hasToldError)\n            this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation, action });\n        this.hasToldError = true;",
    ],
  ),
  inside(
    'events/quorum-failure-by-node',
    'QUORUM_FAILURE',
    'tells the node of a quorum that is in a drive',
    'graph/open',
    ['reference: () => graph.displayName(node),', 'reference: () => node.name,'],
  ),
];
