/** What all programs of a campaign have in common. */
import type { Schema } from '../../spec/model.ts';
import type { ImageReader } from '../contents/closed-images.ts';
import type { Target } from '../targets/target.ts';
import type { TimeLimits } from '../time-limits.ts';
import type { UsageGauge } from './leak-detector.ts';
import type { FuzzStartState } from './start-states.ts';

export interface FuzzConfig {
  readonly target: Target;
  readonly schema: Schema;
  readonly endpointSchema: Schema;
  /** Those on which the target starts; simplest first. */
  readonly startStates: readonly FuzzStartState[];
  readonly limits: TimeLimits;
  /**
   * Each program has an endpoint of its own, so that nothing which ran before it can be seen in what it shows. For those
   * on a virtual clock inside this process: to start one costs no more than to bring one back.
   */
  readonly freshEndpoints?: boolean;
  /** How an endpoint's use of memory and descriptors is seen; default: as its process shows it. */
  readonly gauge?: UsageGauge;
  /** How what is in a closed image is seen; default: as QEMU's own tool reads it. */
  readonly imageReader?: ImageReader;
  readonly signal?: AbortSignal | undefined;
}
