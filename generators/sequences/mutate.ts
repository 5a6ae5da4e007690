/** Mutation: a program that differs from one of the corpus in one to three ways, and is valid again. */
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../spec/json.ts';
import { isFixed } from '../arbitraries/string-value.ts';
import type { Random } from '../random.ts';
import { isCostly } from '../types/bounds.ts';
import { at, type Path, put, take } from '../types/path.ts';
import { roleOf } from '../types/roles.ts';
import { EDGES } from './call-builder.ts';
import { dataStep } from './data-scenarios.ts';
import { DATA_STEPS, type GenerationConfig, nextStep } from './generate.ts';
import {
  type Call,
  isDataStep,
  type Program,
  renameSymbols,
  type StartState,
  type Step,
  symbolsOf,
} from './program.ts';
import { ProgramState } from './resources.ts';
import { repair } from './validate-program.ts';

interface Context {
  readonly config: GenerationConfig;
  readonly random: Random;
  readonly startState: StartState;
  /** Another program of the corpus. */
  readonly other: Program;
}

type Mutator = (steps: Step[], context: Context) => void;

function insert(steps: Step[], { config, random, startState }: Context): void {
  const index = random.below(steps.length + 1);
  const programState = new ProgramState(startState, steps.slice(0, index));
  const data = steps.some(isDataStep) && programState.has('node') && random.chance(DATA_STEPS);
  const step = data ? dataStep(programState, random) : nextStep(config, programState, random);
  if (step !== null) steps.splice(index, 0, step);
}

function remove(steps: Step[], { random }: Context): void {
  if (steps.length > 1) steps.splice(random.below(steps.length), 1);
}

function duplicate(steps: Step[], { random }: Context): void {
  const step = random.pick(steps);
  for (let count = 1 + random.below(2); count > 0; count -= 1)
    steps.splice(random.below(steps.length + 1), 0, step);
}

function splice(steps: Step[], { random, other }: Context): void {
  const from = random.below(other.steps.length);
  const part = other.steps.slice(from, from + 1 + random.below(8));
  steps.splice(random.below(steps.length + 1), 0, ...part);
}

function swapSteps(steps: Step[], { random }: Context): void {
  const [a, b] = [random.below(steps.length), random.below(steps.length)];
  [steps[a], steps[b]] = [steps[b]!, steps[a]!];
}

/** In one step, one symbol becomes another of its kind. */
function swapReference(steps: Step[], { random, startState }: Context): void {
  const index = random.below(steps.length);
  const step = steps[index]!;
  const symbols = symbolsOf(step);
  if (symbols.length === 0) return;
  const from = random.pick(symbols);
  const programState = new ProgramState(startState, steps);
  const others = [...new Set([...startState.symbols, ...steps.flatMap(symbolsOf)])].filter(
    (symbol) => symbol[0] === from[0] && symbol !== from && programState.isMade(symbol),
  );
  if (others.length === 0) return;
  const to = random.pick(others);
  steps[index] = renameSymbols(step, (symbol) => (symbol === from ? to : symbol));
}

function changeArgument(steps: Step[], { random }: Context): void {
  const calls = steps.flatMap((step, index) => (step.kind === 'call' ? [{ step, index }] : []));
  if (calls.length === 0) return;
  const { step, index } = random.pick(calls);
  const paths = leaves(step.arguments);
  if (paths.length === 0) return;
  const path = random.pick(paths);
  steps[index] = { ...step, arguments: changed(step, path, random) };
}

function changed({ command, arguments: args }: Call, path: Path, random: Random): JsonObject {
  if (random.chance(15)) return take(args, path);
  const value = at(args, path)!;
  const member = String(path.at(-1));
  // Texts of which only a few stay inside: hosts, descriptors.
  const role = roleOf({ command, member, nodeOptions: false, nodeReference: false });
  if (typeof value === 'string' && isFixed(role)) return args;
  return put(args, path, otherValue(value, member, random)) as JsonObject;
}

function otherValue(value: Json, member: string, random: Random): Json {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'bigint' || Number.isInteger(value)) {
    const exact = BigInt(value as bigint | number);
    const near = [exact + 1n, exact - 1n, exact * 2n].map(narrow);
    const other = random.pick([...EDGES, ...near]);
    return isCostly(member, other) ? value : other;
  }
  if (typeof value === 'string') return value.includes('$') ? value : random.pick([value, 'x', '']);
  return value;
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt.asIntN(65, value);
}

function changeWhen(steps: Step[], { random, startState }: Context): void {
  const index = random.below(steps.length);
  const step = steps[index]!;
  if (step.kind === 'call')
    steps[index] = random.chance(50)
      ? { ...step, pipelined: !step.pipelined }
      : { ...step, monitor: random.below(startState.monitors) };
  if (step.kind === 'sleep') steps[index] = { ...step, milliseconds: random.pick([0, 1, 10, 50]) };
}

/** Weights beside them. */
const MUTATORS: readonly (readonly [Mutator, number])[] = [
  [insert, 30],
  [remove, 10],
  [duplicate, 10],
  [splice, 15],
  [swapSteps, 8],
  [swapReference, 12],
  [changeArgument, 18],
  [changeWhen, 5],
];

/** Paths of members and elements that are no object or list. */
export function leaves(value: Json, path: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, [...path, index]));
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
  return path.length === 0 || typeof path.at(-1) === 'number' ? [] : [path];
}

/** Makes a valid program that differs from `program` in one to three places; steps of `other` may be spliced in. */
export function mutate(program: Program, other: Program, config: GenerationConfig, random: Random): Program {
  const own = config.startStates.find(({ name }) => name === program.startState) ?? config.startStates[0]!;
  const startState = random.chance(6) ? random.pick(config.startStates) : own;
  const steps = [...program.steps];
  const context = { config, random, startState, other };
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
    if (steps.length === 0) insert(steps, context);
    else random.weighted(MUTATORS, ([, weight]) => weight)[0](steps, context);
  }
  const mutated = repair({ startState: startState.name, steps }, startState);
  const same = jsonEqual(mutated as unknown as Json, program as unknown as Json);
  return mutated.steps.length === 0 || same ? extended(program, own, config, random) : mutated;
}

function extended(
  program: Program,
  startState: StartState,
  config: GenerationConfig,
  random: Random,
): Program {
  const step = nextStep(config, new ProgramState(startState, program.steps), random);
  const steps = step === null ? program.steps : [...program.steps, step];
  return repair({ startState: startState.name, steps }, startState);
}
