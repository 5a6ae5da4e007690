/** A world for tests: two grounds, and an endpoint that offers all that shapes know. */

import { SHAPES } from '../sequences/call-templates.ts';
import { generate, type World } from '../sequences/generate.ts';
import type { Ground, Program } from '../sequences/program.ts';
import { Random } from '../sequences/random.ts';
import { schemaSource, sourcedCommands } from '../sequences/schema-source.ts';
import { SCHEMAS } from './schemas.ts';

export const GROUNDS: readonly Ground[] = [
  { name: 'empty', symbols: [], monitors: 1 },
  { name: 'disks', symbols: ['f0', 'f1', 'n0', 'n1', 'd0', 'i0'], monitors: 2 },
];

export const WORLD: World = {
  grounds: GROUNDS,
  commands: new Set(SHAPES.map(({ command }) => command)),
  invalid: 0.05,
  raw: 0.02,
  data: 0.15,
};

const NEWEST = SCHEMAS.at(-1)![1];

/** The same, with arguments from the spec and from the newest introspection. */
export const SOURCED: World = {
  ...WORLD,
  commands: new Set([...WORLD.commands, ...sourcedCommands(NEWEST)]),
  source: schemaSource([SCHEMAS[0]![1], NEWEST], sourcedCommands(NEWEST)),
  invalid: 0.2,
};

export const groundsByName = new Map(GROUNDS.map((ground) => [ground.name, ground]));

export function programs(count: number, seed = 'test', world = WORLD): Program[] {
  return Array.from({ length: count }, (_, index) => generate(world, new Random(`${seed}/${index}`)));
}
