/** What `npm run mutants` and `npm run sabotage` have in common: options, progress, the file of results, and how they end. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { abortOnSignals } from '../../cleanup.ts';
import { inOrder } from '../../runner/in-order.ts';
import { fingerprint } from './built.ts';

export const write = (text: string) => process.stdout.write(text);
export const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`);

/** Counts up what it tells of, on the terminal: `tell(count)` at each call. */
export function counted(tell: (count: number) => string): () => void {
  let count = 0;
  return () => {
    count += 1;
    progress(tell(count));
  };
}

/** Throws for what is no whole number above 0. */
export function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${option} takes a whole number above 0, not '${text}'`);
  return Number(text);
}

/** What a file of results holds: what was found out before the first line, and the lines. */
export interface Results<H, R> {
  readonly head: H;
  readonly lines: readonly R[];
}

/**
 * Reads a file of results. Where there is none, or it is of another build, `begin` finds out the head, and the file begins
 * anew.
 */
export async function openResults<H, R>(file: string, begin: () => Promise<H>): Promise<Results<H, R>> {
  const build = fingerprint();
  const [first, ...lines] = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const known = first === undefined ? undefined : (JSON.parse(first) as { build?: string; head: H });
  if (known?.build === build) return { head: known.head, lines: lines.map((line) => JSON.parse(line) as R) };
  const head = await begin();
  writeFileSync(file, `${JSON.stringify({ build, head })}\n`);
  return { head, lines: [] };
}

/** Adds a line. */
export function addResult(file: string, result: object): void {
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

/** Judges all items, `workers` at a time, and shows how many are done of how many. */
export async function judgeAll<T>(
  items: readonly T[],
  workers: number,
  signal: AbortSignal,
  judge: (item: T) => Promise<void>,
): Promise<void> {
  const tell = counted((count) => `${count} of ${items.length}`);
  await inOrder({
    items,
    workers: Array.from({ length: workers }, (_, index) => index),
    signal,
    async work(_, item) {
      await judge(item);
      tell();
      return null;
    },
  });
  progress('');
}

/** Runs the program: its result is the exit code, an error is one line and exit code 2. */
export async function call(name: string, main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main(abortOnSignals().signal);
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
