/** A world for tests: two grounds, and an endpoint that offers all that shapes know. */
import type { World } from '../generate.ts';
import { generate } from '../generate.ts';
import type { Ground, Program } from '../program.ts';
import { Random } from '../random.ts';
import { SHAPES } from '../shapes.ts';

export const GROUNDS: readonly Ground[] = [
  { name: 'empty', symbols: [], monitors: 1 },
  { name: 'disks', symbols: ['f0', 'f1', 'n0', 'n1', 'd0', 'i0'], monitors: 2 },
];

export const WORLD: World = {
  grounds: GROUNDS,
  commands: new Set(SHAPES.map(({ command }) => command)),
  invalid: 0.05,
  raw: 0.02,
  data: true,
};

export const groundsByName = new Map(GROUNDS.map((ground) => [ground.name, ground]));

export function programs(count: number, seed = 'test'): Program[] {
  return Array.from({ length: count }, (_, index) => generate(WORLD, new Random(`${seed}/${index}`)));
}
