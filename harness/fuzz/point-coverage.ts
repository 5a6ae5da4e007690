/** How much of the schema the calls of a campaign reached: the points of the commands that programs are made of. */
import { Points } from '../../generators/points/points.ts';
import type { Program } from '../../generators/sequences/program.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Command, Schema } from '../../spec/model.ts';
import { validatorFor } from '../../spec/validate.ts';

/** Counts the points of a schema that programs reached. */
export class PointCoverage {
  readonly #points: ReadonlyMap<string, Points>;
  readonly #reached = new Set<string>();
  /** Points that there are. */
  readonly total: number;

  /** `commands`: those that programs are made of. */
  constructor(schema: Schema, commands: Iterable<string>) {
    const known = [...commands].flatMap((name) => schema.commands.get(name) ?? []);
    this.#points = new Map(known.map((command) => [command.name, new Points(command)]));
    this.total = [...this.#points.values()].reduce((sum, { all }) => sum + all.length, 0);
  }

  get reached(): number {
    return this.#reached.size;
  }

  /** Counts the valid calls of a program that was run. */
  saw({ steps }: Program): void {
    for (const step of steps) {
      if (step.kind !== 'call') continue;
      const points = this.#points.get(step.command);
      if (points === undefined || !isValid(points.command, step.arguments)) continue;
      for (const id of points.visited(step.arguments)) this.#reached.add(`${step.command} ${id}`);
    }
  }
}

function isValid({ arguments: type }: Command, args: JsonObject): boolean {
  return validatorFor(type, 'input')(args).length === 0;
}
