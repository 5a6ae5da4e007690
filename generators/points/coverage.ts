/** Which points were reached, and whether a call that reached them was ever accepted. */
import type { JsonObject } from '../../spec/json.ts';
import type { Point, Points } from './points.ts';

/** How far one command, or one branch of its arguments, was covered. */
export interface CoverageRow {
  readonly command: string;
  readonly points: number;
  readonly reached: number;
  /** Reached by a call that was accepted. */
  readonly accepted: number;
  /** Reached by a call that was refused. */
  readonly refused: number;
}

/** Which points of a command were accepted, and which only refused. The points property tells it of every answer. */
export class Coverage {
  /** The points that are measured. */
  readonly points: readonly Point[];
  readonly #all: Points;
  readonly #accepted = new Set<string>();
  readonly #refused = new Set<string>();

  /** `branch`: only the points that are tried with this value of the arguments' tag. */
  constructor(all: Points, branch?: string) {
    this.#all = all;
    this.points = branch === undefined ? all.all : all.all.filter((point) => point.branch === branch);
  }

  /** A call with valid arguments was answered. */
  saw(args: JsonObject, accepted: boolean): void {
    const reached = accepted ? this.#accepted : this.#refused;
    for (const id of this.#all.visited(args)) reached.add(id);
  }

  isAccepted(id: string): boolean {
    return this.#accepted.has(id);
  }

  unreached(): string[] {
    return this.points.map(({ id }) => id).filter((id) => !this.#accepted.has(id) && !this.#refused.has(id));
  }

  row(): CoverageRow {
    const count = (has: (id: string) => boolean) => this.points.filter(({ id }) => has(id)).length;
    return {
      command: this.#all.command.name,
      points: this.points.length,
      reached: count((id) => this.#accepted.has(id) || this.#refused.has(id)),
      accepted: count((id) => this.#accepted.has(id)),
      refused: count((id) => this.#refused.has(id)),
    };
  }
}

/** Lines of a table, a line a command in the order of first mention, the totals last. */
export function coverageTable(parts: readonly CoverageRow[]): string[] {
  const commands = [...new Set(parts.map(({ command }) => command))];
  const rows = commands.map((name) =>
    sum(
      name,
      parts.filter(({ command }) => command === name),
    ),
  );
  const all = sum('all', rows);
  const width = Math.max(7, ...rows.map(({ command }) => command.length));
  const line = (command: string, ...cells: readonly (string | number)[]) =>
    command.padEnd(width) + cells.map((cell) => String(cell).padStart(10)).join('');
  return [
    line('command', 'points', 'reached', 'accepted', 'refused'),
    ...[...rows, all].map((row) => line(row.command, row.points, row.reached, row.accepted, row.refused)),
  ];
}

function sum(command: string, rows: readonly CoverageRow[]): CoverageRow {
  const total = (key: 'points' | 'reached' | 'accepted' | 'refused') =>
    rows.reduce((all, row) => all + row[key], 0);
  return {
    command,
    points: total('points'),
    reached: total('reached'),
    accepted: total('accepted'),
    refused: total('refused'),
  };
}
