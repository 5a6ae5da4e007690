/** How long a transfer may take. */
import { inTime, type Waiting } from '../../host/patience.ts';
import { TransferError } from './transfer-error.ts';

const MS = 1_000_000n;

/** Runs a transfer, which is ended by its signal after so many seconds (0: never), or by whoever holds `ending`. */
export function within<T>(
  waiting: Waiting,
  seconds: number,
  transfer: (signal: AbortSignal) => Promise<T>,
  ending?: AbortController,
): Promise<T> {
  const { clock } = waiting;
  const start = clock.now();
  const late = (): Error => {
    const took = (clock.now() - start) / MS;
    return new TransferError(`Operation timed out after ${took} milliseconds with 0 bytes received`);
  };
  const patience = seconds === 0 ? undefined : BigInt(seconds) * 1000n * MS;
  return inTime(waiting, patience, transfer, late, ending);
}
