/** One endpoint of a target for as long as a subcommand needs it: no images, no options. */

import { abortOnSignals } from '../cleanup.ts';
import { Session } from '../runner/endpoint-session.ts';
import { EMPTY_TOPOLOGY } from '../runner/run-on-pool.ts';
import { ScratchArea } from '../runner/scratch.ts';
import type { Target } from '../targets/target.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { onTarget } from './call-faults.ts';

/** Throws `UsageError` if the endpoint does not come up or does not speak QMP. Nothing is left of it afterwards, also after a signal, which `work` hears of. */
export async function withEndpoint<T>(
  target: Target,
  work: (session: Session, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = abortOnSignals();
  const area = await ScratchArea.for(target);
  try {
    const { signal } = interruption;
    return await onTarget(target, async () => {
      const session = await Session.start({
        target,
        topology: EMPTY_TOPOLOGY,
        area,
        limits: DEFAULT_TIME_LIMITS,
        signal,
      });
      try {
        return await work(session, signal);
      } finally {
        await session.stop();
      }
    });
  } finally {
    await area.close();
    interruption.dispose();
  }
}
