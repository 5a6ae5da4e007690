/** Which cases execute which places of the reference: V8's own block coverage, taken around each. */
import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';
import { parse } from 'acorn';
import { full } from 'acorn-walk';
import type { CaseRecord } from '../../../reports/record.ts';
import type { Reporter } from '../../../reports/reporter.ts';
import type { CaseDefinition } from '../../cases/case.ts';

/** Offsets of a module's text. */
interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** A place of a module, by its URL. */
export interface Place {
  readonly url: string;
  readonly start: number;
}

/** What a case did on the sound reference. */
export interface CaseRun {
  readonly id: string;
  readonly outcome: CaseRecord['outcome'];
  readonly milliseconds: number;
  /** Indexes into the places. */
  readonly reached: ReadonlySet<number>;
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/**
 * Tells of offsets of a module's text whether they are inside a function. What is not is executed when the module is
 * loaded, in whichever case that happens to be, and all cases live with it.
 */
export function insideFunctions(text: string): (offset: number) => boolean {
  const functions: { readonly start: number; readonly end: number }[] = [];
  full(parse(text, { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    if (FUNCTIONS.has(node.type)) functions.push(node);
  });
  return (offset) => functions.some(({ start, end }) => start < offset && offset < end);
}

/** Follows a run with one worker: which of `places` each case executes. */
export class Reach implements Reporter {
  readonly runs: CaseRun[] = [];
  readonly #session = new Session();
  /** Indexes of places by URL, in the order of their offsets. */
  readonly #places = new Map<string, { readonly start: number; readonly index: number }[]>();
  readonly #reached = new Map<string, Set<number>>();
  #last: Set<number> = new Set();
  readonly #onCase: (run: CaseRun) => void;

  constructor(places: readonly Place[], onCase: (run: CaseRun) => void = () => {}) {
    for (const [index, { url, start }] of places.entries())
      this.#places.set(url, [...(this.#places.get(url) ?? []), { start, index }]);
    for (const list of this.#places.values()) list.sort((a, b) => a.start - b.start);
    this.#onCase = onCase;
    // Calls of a function that V8 has optimised are not counted.
    setFlagsFromString('--no-opt');
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The same case, followed. What is executed between two cases (an end, a start) counts for both. */
  follow(definition: CaseDefinition): CaseDefinition {
    return {
      ...definition,
      run: async (t) => {
        const between = this.#take();
        for (const index of between) this.#last.add(index);
        const own = new Set(between);
        this.#last = own;
        this.#reached.set(definition.id, own);
        try {
          await definition.run(t);
        } finally {
          for (const index of this.#take()) own.add(index);
        }
      },
    };
  }

  caseEnd({ id, outcome, durationMs: milliseconds }: CaseRecord): void {
    const reached = this.#reached.get(id);
    if (reached === undefined) return;
    const run = { id, outcome, milliseconds, reached };
    this.runs.push(run);
    this.#onCase(run);
  }

  end(): void {
    for (const index of this.#take()) this.#last.add(index);
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  #take(): number[] {
    const reached: number[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      for (const { url, functions } of taken.result) {
        const places = this.#places.get(url);
        if (places === undefined) continue;
        const ranges = functions.flatMap((one) => one.ranges);
        reached.push(...executed(places, ranges));
      }
    });
    return reached;
  }
}

/** Of a place counts the innermost range that contains it. */
function executed(
  places: readonly { readonly start: number; readonly index: number }[],
  ranges: readonly Range[],
): number[] {
  const innermostLast = ranges.toSorted(
    (a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset),
  );
  const counts = new Int32Array(places.length);
  for (const { startOffset, endOffset, count } of innermostLast)
    for (
      let at = firstFrom(places, startOffset);
      at < places.length && places[at]!.start < endOffset;
      at += 1
    )
      counts[at] = count;
  return places.flatMap(({ index }, at) => (counts[at]! > 0 ? [index] : []));
}

function firstFrom(places: readonly { readonly start: number }[], offset: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]!.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
