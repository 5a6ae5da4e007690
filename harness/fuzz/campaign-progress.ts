/** How a campaign goes, for who watches: a screen of a few lines on a terminal, a line now and then elsewhere. */
import stringWidth from 'string-width';
import { count, printable } from '../../reports/text.ts';
import type { FindingLine, Progress } from './campaign.ts';

export interface Watcher {
  round(progress: Progress): void;
  finding(finding: FindingLine): void;
  close(): void;
}

export interface WatchOptions {
  readonly write: (text: string) => void;
  /** Width of the terminal to redraw on in place, now; null where there is none. */
  readonly columns: () => number | null;
  /** Milliseconds since the start. */
  readonly elapsed: () => number;
  /** Milliseconds left, or null where commands are counted. */
  readonly left: () => number | null;
  /** Commands in all, where they are counted. */
  readonly commands?: number | undefined;
}

/** Milliseconds between two lines that are not redrawn. */
const LINE_MS = 10_000;

/** Draws over its own lines where `columns` gives a width; else it writes a line every ten seconds. */
export function watcher(options: WatchOptions): Watcher {
  const { write, columns, elapsed } = options;
  /** Lines on the terminal that are to be drawn over. */
  let drawn = 0;
  let lastLine = Number.NEGATIVE_INFINITY;
  const erase = (): void => {
    if (drawn > 0) write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  return {
    round: (progress) => {
      const width = columns();
      if (width !== null) {
        erase();
        // One that is wrapped by the terminal would be more lines than we know of.
        const lines = screen(progress, options).flatMap((parts) => filled(parts, width - 1));
        write(`${lines.join('\n')}\n`);
        drawn = lines.length;
      } else if (elapsed() - lastLine >= LINE_MS) {
        lastLine = elapsed();
        write(`${screen(progress, options).flat().join(', ')}\n`);
      }
    },
    finding: ({ bucket, folder, steps, rate }) => {
      erase();
      const about = `${printable(bucket)} (${count(steps, 'step')}, rate ${rate})`;
      write(folder === null ? `not shown again: ${printable(bucket)}\n` : `${about}\n`);
    },
    close: erase,
  };
}

/** Parts joined by commas, in as many lines as it takes. */
function filled(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && stringWidth(last) + stringWidth(part) + 2 <= width)
      lines[lines.length - 1] = `${last}, ${part}`;
    else lines.push(part.slice(0, width));
  }
  return lines;
}

/** A line each, in parts. */
function screen(progress: Progress, { elapsed, left, commands }: WatchOptions): string[][] {
  const seconds = elapsed() / 1000;
  const rate = Math.round((progress.commands - progress.earlierCommands) / Math.max(seconds, 0.001));
  const remaining = left();
  const rest =
    remaining === null
      ? `${Math.max(0, (commands ?? 0) - progress.commands)} commands left`
      : `${Math.ceil(Math.max(0, remaining) / 1000)} s left`;
  const { points } = progress;
  return [
    [
      `${Math.round(seconds)} s`,
      `${rest}: ${progress.commands} commands (${rate}/s) in ${progress.programs} programs`,
    ],
    [
      `corpus ${progress.corpus}`,
      `features ${progress.features}`,
      ...(points === undefined ? [] : [`schema points ${points.reached} of ${points.total}`]),
      `last novelty ${count(progress.round - progress.lastNovelty, 'round')} ago`,
    ],
    [
      count(progress.findings, 'finding'),
      ...(progress.errors === 0 ? [] : [`${count(progress.errors, 'error')} of our own`]),
    ],
  ];
}
