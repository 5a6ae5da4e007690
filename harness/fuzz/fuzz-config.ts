/** What all programs of a campaign have in common. */
import type { ImageReader } from '../contents/closed-images.ts';
import type { Session } from '../runner/endpoint-session.ts';
import type { RunSetting } from '../runner/run-setting.ts';
import type { UsageGauge } from './leak-detector.ts';
import type { FuzzStartState } from './start-states.ts';

export interface FuzzConfig extends RunSetting {
  /** The states in which the target can start; simplest first. */
  readonly startStates: readonly FuzzStartState[];
  /**
   * Each program has an endpoint of its own, so that nothing which ran before it can be seen in what it shows. For those
   * on a virtual clock inside this process: to start one costs no more than to bring one back.
   */
  readonly freshEndpoints?: boolean;
  /** The endpoint that was asked who it is, where there may be no second connection: the first executor goes on with it. */
  readonly first?: Session | undefined;
  /** How an endpoint's use of memory and descriptors is seen; default: as its process shows it. */
  readonly gauge?: UsageGauge;
  /** How what is in a closed image is seen; default: as QEMU's own tool reads it. */
  readonly imageReader?: ImageReader;
}
