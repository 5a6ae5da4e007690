/** How a campaign goes, for who watches: a screen of a few lines on a terminal, a line now and then elsewhere. */
import type { FindingLine, Progress } from './campaign.ts';

export interface Watcher {
  round(progress: Progress): void;
  finding(finding: FindingLine): void;
  close(): void;
}

export interface WatchOptions {
  readonly write: (text: string) => void;
  /** Redraw in place. */
  readonly terminal: boolean;
  /** Milliseconds since the start. */
  readonly elapsed: () => number;
  /** Milliseconds left, or null where commands are counted. */
  readonly left: () => number | null;
  /** Commands in all, where they are counted. */
  readonly commands?: number;
}

/** Milliseconds between two lines that are not redrawn. */
const LINE_MS = 10_000;
const LINES = 3;

export function watcher(options: WatchOptions): Watcher {
  const { write, terminal, elapsed } = options;
  let drawn = false;
  let lastLine = Number.NEGATIVE_INFINITY;
  const erase = (): void => {
    if (drawn) write(`\x1b[${LINES}A\x1b[J`);
    drawn = false;
  };
  return {
    round: (progress) => {
      if (terminal) {
        erase();
        write(`${screen(progress, options).join('\n')}\n`);
        drawn = true;
      } else if (elapsed() - lastLine >= LINE_MS) {
        lastLine = elapsed();
        write(`${screen(progress, options).join(', ')}\n`);
      }
    },
    finding: ({ bucket, folder, steps, rate }) => {
      erase();
      write(folder === null ? `not shown again: ${bucket}\n` : `${bucket} (${steps} steps, rate ${rate})\n`);
    },
    close: erase,
  };
}

function screen(progress: Progress, { elapsed, left, commands }: WatchOptions): string[] {
  const seconds = elapsed() / 1000;
  const rate = Math.round(progress.commands / Math.max(seconds, 0.001));
  const remaining = left();
  const rest =
    remaining === null
      ? `${Math.max(0, (commands ?? 0) - progress.commands)} commands left`
      : `${Math.ceil(Math.max(0, remaining) / 1000)} s left`;
  const { points } = progress;
  const schema = points === undefined ? '' : `, schema points ${points.reached} of ${points.total}`;
  const errors = progress.errors === 0 ? '' : `, ${progress.errors} errors of our own`;
  return [
    `${Math.round(seconds)} s, ${rest}: ${progress.commands} commands (${rate}/s) in ${progress.programs} programs`,
    `corpus ${progress.corpus}, features ${progress.features}${schema}, last novelty ${progress.round - progress.lastNovelty} rounds ago`,
    `${progress.findings} findings${errors}`,
  ];
}
