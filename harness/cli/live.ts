/** One endpoint of a target for as long as a subcommand needs it: no images, no options. */

import { abortOnSignals } from '../cleanup.ts';
import { ClosedError, ProtocolError, QmpError, TimeoutError } from '../qmp/errors.ts';
import { Session } from '../runner/endpoint-session.ts';
import { EMPTY_TOPOLOGY } from '../runner/run-cases.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { StartError, type Target } from '../targets/target.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { UsageError } from './exit.ts';

/** Throws `UsageError` if the endpoint does not come up or does not speak QMP. Nothing is left of it afterwards, also after a signal, which `work` hears of. */
export async function withEndpoint<T>(
  target: Target,
  work: (session: Session, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const unavailable = await target.unavailable();
  if (unavailable !== null) throw new UsageError(`${target.name}: ${unavailable}`);
  const interruption = abortOnSignals();
  const area = await ScratchArea.open();
  try {
    const { signal } = interruption;
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
  } catch (error) {
    throw isOfEndpoint(error) ? new UsageError(`${target.name}: ${error.message}`) : error;
  } finally {
    await area.close();
    interruption.dispose();
  }
}

function isOfEndpoint(error: unknown): error is Error {
  return [StartError, QmpError, ProtocolError, TimeoutError, ClosedError].some(
    (kind) => error instanceof kind,
  );
}
