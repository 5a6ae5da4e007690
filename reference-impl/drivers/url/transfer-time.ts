/** How long a transfer may take. */
import { inTime, type Waiting } from '../../host/patience.ts';
import { TransferError } from './transfer-error.ts';

const SECOND = 1_000_000_000n;

/** Runs a transfer, which is ended by its signal after so many seconds (0: never), or by whoever holds `ending`. */
export async function within<T>(
  waiting: Waiting,
  seconds: number,
  transfer: (signal: AbortSignal) => Promise<T>,
  ending: AbortController = new AbortController(),
): Promise<T> {
  const ms = seconds * 1000;
  const late = () => new TransferError(`Operation timed out after ${ms} milliseconds with 0 bytes received`);
  const patience = seconds === 0 ? undefined : BigInt(seconds) * SECOND;
  try {
    return await inTime(waiting, patience, transfer, late, ending);
  } catch (error) {
    ending.signal.throwIfAborted();
    throw error;
  }
}
