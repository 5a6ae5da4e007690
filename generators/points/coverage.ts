/** Which points were reached, and whether a call that reached them was ever accepted. */
import type { JsonObject } from '../../spec/json.ts';
import type { Points } from './points.ts';

export interface CoverageRow {
  readonly command: string;
  readonly points: number;
  readonly reached: number;
  /** Reached by a call that was accepted. */
  readonly accepted: number;
  /** Reached by a call that was refused. */
  readonly refused: number;
}

export class Coverage {
  readonly #points: Points;
  readonly #accepted = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(points: Points) {
    this.#points = points;
  }

  /** A call with valid arguments was answered. */
  saw(args: JsonObject, accepted: boolean): void {
    const reached = accepted ? this.#accepted : this.#refused;
    for (const id of this.#points.visited(args)) reached.add(id);
  }

  isAccepted(id: string): boolean {
    return this.#accepted.has(id);
  }

  unreached(): string[] {
    return this.#points.all
      .map(({ id }) => id)
      .filter((id) => !this.#accepted.has(id) && !this.#refused.has(id));
  }

  row(): CoverageRow {
    const count = (has: (id: string) => boolean) => this.#points.all.filter(({ id }) => has(id)).length;
    return {
      command: this.#points.command.name,
      points: this.#points.all.length,
      reached: count((id) => this.#accepted.has(id) || this.#refused.has(id)),
      accepted: count((id) => this.#accepted.has(id)),
      refused: count((id) => this.#refused.has(id)),
    };
  }
}

/** Lines of a table, the totals last. */
export function coverageTable(rows: readonly CoverageRow[]): string[] {
  const total = (key: 'points' | 'reached' | 'accepted' | 'refused') =>
    rows.reduce((sum, row) => sum + row[key], 0);
  const all: CoverageRow = {
    command: 'all',
    points: total('points'),
    reached: total('reached'),
    accepted: total('accepted'),
    refused: total('refused'),
  };
  const width = Math.max(7, ...rows.map(({ command }) => command.length));
  const line = (command: string, ...cells: readonly (string | number)[]) =>
    command.padEnd(width) + cells.map((cell) => String(cell).padStart(10)).join('');
  return [
    line('command', 'points', 'reached', 'accepted', 'refused'),
    ...[...rows, all].map((row) => line(row.command, row.points, row.reached, row.accepted, row.refused)),
  ];
}
