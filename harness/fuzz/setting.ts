/** What all programs of a campaign have in common. */
import type { Schema } from '../../spec/model.ts';
import type { Target } from '../targets/target.ts';
import type { FuzzGround } from './grounds.ts';

export interface FuzzSetting {
  readonly target: Target;
  readonly schema: Schema;
  readonly offered: Schema;
  /** Those on which the target starts; simplest first. */
  readonly grounds: readonly FuzzGround[];
  /** Milliseconds after which an endpoint that does not answer hangs. */
  readonly caseTimeout: number;
  readonly eventTimeout: number;
  readonly signal?: AbortSignal;
}
