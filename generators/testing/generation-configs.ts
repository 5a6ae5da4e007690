/** A configuration for tests: two start states, and an endpoint that offers all that templates know. */

import { Random } from '../random.ts';
import { CALL_TEMPLATES } from '../sequences/call-templates.ts';
import { type GenerationConfig, generate } from '../sequences/generate.ts';
import type { Program, StartState } from '../sequences/program.ts';
import { schemaSource, sourcedCommands } from '../sequences/schema-source.ts';
import { SCHEMAS } from './test-schemas.ts';

export const START_STATES: readonly StartState[] = [
  { name: 'empty', symbols: [], monitors: 1 },
  { name: 'disks', symbols: ['f0', 'f1', 'n0', 'n1', 'd0', 'i0'], monitors: 2 },
];

export const CONFIG: GenerationConfig = {
  startStates: START_STATES,
  commands: new Set(CALL_TEMPLATES.map(({ command }) => command)),
  invalid: 0.05,
  raw: 0.02,
  data: 0.15,
};

const NEWEST = SCHEMAS.at(-1)![1];

/** The same, with arguments from the spec and from the newest introspection. */
export const SOURCED: GenerationConfig = {
  ...CONFIG,
  commands: new Set([...CONFIG.commands, ...sourcedCommands(NEWEST)]),
  source: schemaSource([SCHEMAS[0]![1], NEWEST], sourcedCommands(NEWEST)),
  invalid: 0.2,
};

export const startStatesByName = new Map(START_STATES.map((startState) => [startState.name, startState]));

export function programs(count: number, seed = 'test', config = CONFIG): Program[] {
  return Array.from({ length: count }, (_, index) => generate(config, new Random(`${seed}/${index}`)));
}
