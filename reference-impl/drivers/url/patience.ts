/** How long a transfer may take. */
import type { Clock } from '../../host/clock.ts';
import { TransferError } from './transfer-error.ts';

const MS = 1_000_000n;

/** Runs a transfer, which is ended by its signal after so many seconds (0: never), or by whoever holds `ending`. */
export async function within<T>(
  clock: Clock,
  seconds: number,
  transfer: (signal: AbortSignal) => Promise<T>,
  ending = new AbortController(),
): Promise<T> {
  const start = clock.now();
  const giveUp = (): void => {
    const took = (clock.now() - start) / MS;
    ending.abort(new TransferError(`Operation timed out after ${took} milliseconds with 0 bytes received`));
  };
  const cancel = seconds === 0 ? () => {} : clock.after(BigInt(seconds) * 1000n * MS, giveUp);
  try {
    return await transfer(ending.signal);
  } finally {
    cancel();
  }
}
