/**
 * Resources: what the steps of a program make, use and remove. A symbol's letter says what it is; who makes and who removes
 * is in the effects table, and everything else that names a symbol uses it.
 */
import type { Resource } from '../../spec/effects/effects.ts';
import { actionsOf, type CommandCall, effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject, type Json } from '../../spec/json.ts';
import { type StartState, type Step, symbolsIn, symbolsOf } from './program.ts';

export type Kind = keyof typeof LETTERS;

/** Devices and I/O threads are made by start states only. */
export const LETTERS = {
  node: 'n',
  job: 'j',
  bitmap: 'b',
  file: 'f',
  device: 'd',
  group: 'g',
  export: 'x',
  snapshot: 's',
  iothread: 'i',
} as const;

/** Kinds of symbols by what the effects table calls a thing; throttle groups are the only objects that programs make. */
const KINDS: Readonly<Partial<Record<Resource, Kind>>> = {
  node: 'node',
  job: 'job',
  bitmap: 'bitmap',
  file: 'file',
  object: 'group',
  export: 'export',
  snapshot: 'snapshot',
};

/** Answers of `makersOf`, which generation asks for every call. */
const known = new Map<string, Readonly<Record<string, Kind>>>();

/** Symbols that the step makes if it succeeds. */
export function madeBy(step: Step): string[] {
  return actionsIn(step).flatMap(({ command, arguments: args }) => makingIn(args, makersOf(command)));
}

/** Symbols that the step removes if it succeeds. */
export function removedBy(step: Step): string[] {
  return actionsIn(step).flatMap(({ command, arguments: args }) =>
    (effectsOf(command).removes ?? []).flatMap(({ argument }) =>
      argument === undefined ? [] : symbolsIn(args[argument] ?? null),
    ),
  );
}

/** Symbols that must be there before the step. Raw bytes may name anything. */
export function usedBy(step: Step): string[] {
  if (step.kind === 'raw') return [];
  const own = new Set(madeBy(step));
  return symbolsOf(step).filter((symbol) => !own.has(symbol));
}

/** What the members of a command's arguments make, by their names; `node-name` also in the options of children. */
export function makersOf(command: string): Readonly<Record<string, Kind>> {
  let makers = known.get(command);
  if (makers === undefined) {
    makers = Object.fromEntries(
      (effectsOf(command).makes ?? []).flatMap(({ kind, argument }) => {
        const symbolKind = KINDS[kind];
        return argument === undefined || symbolKind === undefined ? [] : [[argument, symbolKind]];
      }),
    );
    known.set(command, makers);
  }
  return makers;
}

function actionsIn(step: Step): CommandCall[] {
  return step.kind === 'call' ? actionsOf(step) : [];
}

function makingIn(value: Json, makers: Readonly<Record<string, Kind>>): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => makingIn(item, makers));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    typeof item === 'string' ? (Object.hasOwn(makers, key) ? symbolsIn(item) : []) : makingIn(item, makers),
  );
}

/** Tells by the symbol's letter. */
export function isOfKind(symbol: string, kind: Kind): boolean {
  return symbol[0] === LETTERS[kind];
}

/** What is there, supposing that every step did what it says. */
export class ProgramState {
  readonly startState: StartState;
  readonly #live = new Set<string>();
  readonly #ever = new Set<string>();
  /** What was made at some time, by letter. */
  readonly #made = new Map<string, string[]>();
  /** The node for which something was made. */
  readonly #owners = new Map<string, string>();
  /** Given out, whatever became of them. */
  readonly #reserved = new Set<string>();

  constructor(startState: StartState, steps: readonly Step[] = []) {
    this.startState = startState;
    for (const symbol of startState.symbols) {
      this.#note(symbol);
      this.#live.add(symbol);
    }
    for (const step of steps) this.add(step);
  }

  add(step: Step): void {
    const symbols = symbolsOf(step);
    const makes = madeBy(step);
    const node = symbols.find((symbol) => isOfKind(symbol, 'node') && !makes.includes(symbol));
    for (const symbol of symbols) this.#note(symbol);
    for (const symbol of makes) {
      this.#live.add(symbol);
      if (node !== undefined) this.#owners.set(symbol, node);
    }
    for (const symbol of removedBy(step)) this.#live.delete(symbol);
  }

  /** Whether one was made at some time. */
  has(kind: Kind): boolean {
    return this.#made.has(LETTERS[kind]);
  }

  /** Made, and not removed. */
  live(kind: Kind): string[] {
    return this.made(kind).filter((symbol) => this.#live.has(symbol));
  }

  /** Made at some time. */
  made(kind: Kind): readonly string[] {
    return this.#made.get(LETTERS[kind]) ?? [];
  }

  /** The node that a symbol was made for, if there is one. */
  ownerOf(symbol: string): string | undefined {
    return this.#owners.get(symbol);
  }

  isMade(symbol: string): boolean {
    return this.#ever.has(symbol);
  }

  /** A symbol that nothing has yet. */
  fresh(kind: Kind): string {
    const letter = LETTERS[kind];
    for (let number = 0; ; number += 1) {
      const symbol = `${letter}${number}`;
      if (this.#ever.has(symbol) || this.#reserved.has(symbol)) continue;
      this.#reserved.add(symbol);
      return symbol;
    }
  }

  #note(symbol: string): void {
    if (this.#ever.has(symbol)) return;
    this.#ever.add(symbol);
    const alike = this.#made.get(symbol[0]!);
    if (alike === undefined) this.#made.set(symbol[0]!, [symbol]);
    else alike.push(symbol);
  }
}
