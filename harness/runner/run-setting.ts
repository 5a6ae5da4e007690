/** What runs of cases and programs are given. */
import type { QuirkRecord } from '../../reports/record.ts';
import type { Schema } from '../../spec/model.ts';
import type { Check } from '../checks/check.ts';
import type { Undecided } from '../probe/undecided.ts';
import type { Target } from '../targets/target.ts';
import type { TimeLimits } from '../time-limits.ts';

/** What all cases or programs of a run have in common. */
export interface RunSetting {
  readonly target: Target;
  /** What spec and endpoint both offer; for programs, the spec. */
  readonly schema: Schema;
  readonly endpointSchema: Schema;
  /** Commands in it of which it is not known whether the endpoint has them. */
  readonly undecided?: Undecided | undefined;
  /** The endpoint's habits that break the protocol. */
  readonly quirks?: readonly QuirkRecord[] | undefined;
  readonly seed: string;
  readonly limits: TimeLimits;
  /** Ids of checks that do not look. Default: all do. */
  readonly excludedChecks?: readonly string[] | undefined;
  /** Ends the run. */
  readonly signal?: AbortSignal | undefined;
}

export interface CaseSetting extends RunSetting {
  /** Called when all that the case made is taken back, but for its files. */
  readonly settled?: (() => Promise<void>) | undefined;
  /** Checks of this case, besides those of every case. */
  readonly checks?: readonly Check[] | undefined;
}
