/**
 * Resources: what commands make, use and remove. A symbol's letter says what it is; who makes and who removes is
 * declared here, and everything else that names a symbol uses it.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
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

/** Members that make what they name, by command, and what that is; `node-name` also in the options of children. */
const MAKERS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  'blockdev-add': { 'node-name': 'node' },
  'blockdev-snapshot-sync': { 'snapshot-node-name': 'node', 'snapshot-file': 'file' },
  'blockdev-snapshot-internal-sync': { name: 'snapshot' },
  'blockdev-backup': { 'job-id': 'job', 'filter-node-name': 'node' },
  'blockdev-mirror': { 'job-id': 'job', 'filter-node-name': 'node' },
  'blockdev-create': { 'job-id': 'job' },
  'x-blockdev-amend': { 'job-id': 'job' },
  'drive-backup': { 'job-id': 'job', target: 'file', 'filter-node-name': 'node' },
  'drive-mirror': { 'job-id': 'job', target: 'file', 'node-name': 'node', 'filter-node-name': 'node' },
  'block-commit': { 'job-id': 'job', 'filter-node-name': 'node' },
  'block-stream': { 'job-id': 'job', 'filter-node-name': 'node' },
  'block-dirty-bitmap-add': { name: 'bitmap' },
  'object-add': { id: 'group' },
  'nbd-server-add': { name: 'export' },
  'block-export-add': { id: 'export' },
};

/** Members that name what the command removes. */
const REMOVERS: Readonly<Record<string, string>> = {
  'blockdev-del': 'node-name',
  'block-dirty-bitmap-remove': 'name',
  'object-del': 'id',
  'nbd-server-remove': 'name',
  'block-export-del': 'id',
  'blockdev-snapshot-delete-internal-sync': 'name',
};

/** Symbols that the step makes if it succeeds. */
export function madeBy(step: Step): string[] {
  return step.kind === 'call' ? made(step.command, step.arguments) : [];
}

/** Symbols that the step removes if it succeeds. */
export function removedBy(step: Step): string[] {
  if (step.kind !== 'call') return [];
  const member = REMOVERS[step.command];
  return member === undefined ? [] : symbolsIn(step.arguments[member] ?? null);
}

/** Symbols that must be there before the step. */
export function usedBy(step: Step): string[] {
  const own = new Set(madeBy(step));
  return symbolsOf(step).filter((symbol) => !own.has(symbol));
}

/** What the members of a command's arguments make, by their names. */
export function makersOf(command: string): Readonly<Record<string, Kind>> {
  return (Object.hasOwn(MAKERS, command) && MAKERS[command]) || {};
}

function made(command: string, args: JsonObject): string[] {
  if (command === 'transaction') return actionsOf(args).flatMap(({ type, data }) => made(type, data));
  return makingIn(args, makersOf(command));
}

function makingIn(value: Json, makers: Readonly<Record<string, Kind>>): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => makingIn(item, makers));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    typeof item === 'string' ? (Object.hasOwn(makers, key) ? symbolsIn(item) : []) : makingIn(item, makers),
  );
}

function actionsOf({ actions }: JsonObject): { type: string; data: JsonObject }[] {
  return (Array.isArray(actions) ? actions : []).flatMap((action) =>
    isJsonObject(action) && typeof action.type === 'string' && isJsonObject(action.data)
      ? [{ type: action.type, data: action.data }]
      : [],
  );
}

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
