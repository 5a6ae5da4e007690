/** What is told of an error that nobody foresaw: a fault of qmpcheck's own. */

const WANTED = 'QMPCHECK_DEBUG';

/** From here on frames are shown, here and in threads that are started later (`--debug`). */
export function showFrames(): void {
  process.env[WANTED] = '1';
}

/** One line, or all frames where they were asked for. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env[WANTED] === '1') return error.stack ?? error.message;
  return `${error.name}: ${error.message} (a fault of qmpcheck; --debug shows where)`;
}
