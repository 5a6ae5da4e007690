/**
 * Delta debugging: the smallest program that still does what it was found for.
 *
 *   1. leave out calls, in ever smaller pieces;
 *   2. simplify what is left: no pipelining, one monitor, no optional arguments, plain values, no symbols;
 *   3. try simpler start states;
 *   4. again, until nothing changes or the budget is spent;
 *   5. bring integers that have to be great as near to zero as a few steps go.
 */
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../spec/json.ts';
import { int } from '../arbitraries/integer.ts';
import { at, type Path, put, take } from '../types/path.ts';
import { encode } from './encoding.ts';
import {
  type Call,
  call,
  type Program,
  type Raw,
  type StartState,
  type Step,
  symbolsIn,
  unnameIn,
} from './program.ts';
import { repair, without } from './validate-program.ts';

/** Texts up to this length are names and words: no other is simpler. */
const LONG_TEXT = 32;
/** Integers beyond this are bisected, between two powers of two in so many steps at most. */
const GREAT = 2 ** 20;
const MOST_HALVES = 8;
/** Lists up to this length lose single elements too. */
const FEW = 8;

export interface MinimizeOptions {
  /** Simplest first. */
  readonly startStates: readonly StartState[];
  /** Whether the program still does it. */
  readonly holds: (program: Program) => Promise<boolean>;
  /** Most programs to try. */
  readonly tries: number;
  /** True when time is up. */
  readonly expired?: () => boolean;
}

/**
 * Returns the smallest program found for which `holds` resolved to true, at worst `program` itself. Rejects when
 * `holds` does.
 */
export async function minimize(program: Program, options: MinimizeOptions): Promise<Program> {
  return new Minimizer(program, options).run();
}

class Minimizer {
  #best: Program;
  #tries: number;
  readonly #options: MinimizeOptions;
  readonly #tried = new Set<string>();

  constructor(program: Program, options: MinimizeOptions) {
    this.#best = program;
    this.#options = options;
    this.#tries = options.tries;
  }

  async run(): Promise<Program> {
    for (;;) {
      const before = this.#best;
      await this.#leaveOut();
      await this.#simplify();
      await this.#simplerGround();
      if (this.#best === before || this.#spent) break;
    }
    await this.#leastIntegers();
    return this.#best;
  }

  get #spent(): boolean {
    return this.#tries <= 0 || this.#options.expired?.() === true;
  }

  get #startState(): StartState {
    return this.#options.startStates.find(({ name }) => name === this.#best.startState)!;
  }

  /** Takes the candidate if it is new and holds. */
  async #try(candidate: Program): Promise<boolean> {
    const text = encode(candidate);
    if (this.#spent || this.#tried.has(text)) return false;
    this.#tried.add(text);
    this.#tries -= 1;
    if (!(await this.#options.holds(candidate))) return false;
    this.#best = candidate;
    return true;
  }

  /** From the end: what comes after the fault goes first. */
  async #leaveOut(): Promise<void> {
    let size = Math.max(1, this.#best.steps.length >> 1);
    for (;;) {
      for (let end = this.#best.steps.length; end > 0 && !this.#spent; end -= size) {
        const start = Math.max(0, end - size);
        const dropped = new Set(Array.from({ length: end - start }, (_, i) => start + i));
        await this.#try(without(this.#best, this.#startState, dropped));
        end = Math.min(end, this.#best.steps.length + size);
      }
      if (size === 1 || this.#spent) return;
      size >>= 1;
    }
  }

  async #simplify(): Promise<void> {
    for (let index = 0; index < this.#best.steps.length && !this.#spent; index += 1) {
      let again = true;
      while (again && !this.#spent) {
        again = false;
        for (const simpler of simplerSteps(this.#best.steps[index]!)) {
          const steps = this.#best.steps.with(index, simpler);
          again = await this.#try(repair({ ...this.#best, steps }, this.#startState));
          if (again || this.#best.steps.length <= index) break;
        }
        if (this.#best.steps.length <= index) return;
      }
    }
  }

  /** Finds the least value for integers that have to be great. */
  async #leastIntegers(): Promise<void> {
    for (const index of this.#best.steps.keys()) {
      const step = this.#best.steps[index]!;
      if (step.kind !== 'call') continue;
      for (const path of paths(step.arguments)) {
        const value = at(step.arguments, path);
        if (isGreat(value)) await least(BigInt(value), (other) => this.#tryInteger(index, path, other));
      }
    }
  }

  async #tryInteger(index: number, path: Path, value: bigint): Promise<boolean> {
    const step = this.#best.steps[index] as Call;
    const args = put(step.arguments, path, int(value)) as JsonObject;
    return this.#try({ ...this.#best, steps: this.#best.steps.with(index, { ...step, arguments: args }) });
  }

  async #simplerGround(): Promise<void> {
    for (const startState of this.#options.startStates) {
      if (startState.name === this.#best.startState) return;
      const moved = repair({ ...this.#best, startState: startState.name }, startState);
      if (moved.steps.length === this.#best.steps.length && (await this.#try(moved))) return;
    }
  }
}

/** Steps that are simpler in one way, the greatest simplification first. */
export function* simplerSteps(step: Step): Iterable<Step> {
  if (step.kind === 'sleep' && step.milliseconds > 0) yield { ...step, milliseconds: step.milliseconds >> 1 };
  if (step.kind === 'write') {
    if (step.offset > 0) yield { ...step, offset: 0 };
    if (step.length > 512) yield { ...step, length: 512 };
  }
  if (step.kind === 'raw') yield* asCall(step);
  if (step.kind !== 'call') return;
  if (step.pipelined) yield { ...step, pipelined: false };
  if (step.monitor > 0) yield { ...step, monitor: 0 };
  for (const path of paths(step.arguments)) {
    yield { ...step, arguments: take(step.arguments, path) };
    for (const value of simplerValues(at(step.arguments, path)!))
      yield { ...step, arguments: put(step.arguments, path, value) as JsonObject };
  }
}

/** The call that raw bytes are another spelling of, if they are one. */
function* asCall({ text }: Raw): Iterable<Call> {
  const message = parsed(text);
  if (!isJsonObject(message) || typeof message.execute !== 'string') return;
  const args = message.arguments;
  if (!isJsonObject(args)) return;
  yield call(message.execute, args);
  // What it names may have gone.
  yield call(message.execute, unnameIn(args, new Set(symbolsIn(args))));
}

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** Gives the paths of all members, outer before inner. */
function paths(value: Json, path: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => paths(item, [...path, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [[...path, key], ...paths(item, [...path, key])]);
}

function* simplerValues(value: Json): Iterable<Json> {
  if (typeof value === 'number' || typeof value === 'bigint') {
    for (const simple of [0, 1, 65536]) if (magnitude(simple) < magnitude(value)) yield simple;
    if (value < -1) yield -1;
  } else if (typeof value === 'string') {
    // A name of nothing: then what made it can go.
    if (value.length > LONG_TEXT || (symbolsIn(value).length > 0 && value.length < 8)) yield 'x';
    if (value.length > LONG_TEXT) yield value.slice(0, value.length >> 1);
  } else if (Array.isArray(value) && value.length > 0) {
    yield [];
    if (value.length > 1) yield value.slice(0, value.length >> 1);
    if (value.length > 1) yield value.slice(value.length >> 1);
    if (value.length > 2 && value.length <= FEW)
      for (const index of value.keys()) yield value.toSpliced(index, 1);
  } else if (isJsonObject(value) && Object.keys(value).length > 1) yield 'x';
}

function isGreat(value: Json | undefined): value is number | bigint {
  const isInteger = typeof value === 'bigint' || Number.isInteger(value);
  return isInteger && magnitude(value as number | bigint) > GREAT;
}

/**
 * Looks for the integer nearest to zero that holds as `value` does: bisects over the powers of two, then between the last
 * two of them for a few steps.
 */
async function least(value: bigint, holds: (candidate: bigint) => Promise<boolean>): Promise<void> {
  const [sign, size] = value < 0n ? [-1n, -value] : [1n, value];
  let [low, high] = [0, size.toString(2).length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const power = 2n ** BigInt(middle);
    if (power <= size && (await holds(sign * power))) high = middle;
    else low = middle;
  }
  let below = 2n ** BigInt(low);
  let holding = 2n ** BigInt(high) < size ? 2n ** BigInt(high) : size;
  for (let step = 0; step < MOST_HALVES && holding - below > 1n; step += 1) {
    const middle = (below + holding) / 2n;
    if (await holds(sign * middle)) holding = middle;
    else below = middle;
  }
}

/** What is negative is less simple than what is not. */
function magnitude(value: number | bigint): number {
  const number = Number(value);
  return number < 0 ? -2 * number : number;
}
