/**
 * Known deviations of named endpoints, from YAML:
 *
 *   - endpoint: qemu-system*           # glob on the target's name, or on what stands before its first colon
 *     case: block_resize/*             # glob on case ids
 *     outcome: fail
 *     reason: why this is known and accepted
 *     link: https://…                  # optional
 *     version: '>=7.0 <8.0'            # optional, of the endpoint: comparisons that must all hold
 *
 * An entry that no longer applies is reported as stale. Entries with `program` instead of `case` are for campaigns
 * (`fuzz/muted.ts`), and left alone here.
 */
import picomatch from 'picomatch';
import { parse, stringify } from 'yaml';
import type { CaseRecord, EndpointIdentity, Outcome, RunRecord } from '../../reports/record.ts';
import { isJsonObject, type Json } from '../../spec/json.ts';
import { idMatcher } from './plan.ts';

/** Outcomes that can be foreseen; a `pass` needs no expectation, an `error` is never one of the endpoint. */
const OUTCOMES = ['fail', 'warn', 'info', 'skip', 'crash', 'timeout', 'flaky'] as const satisfies Outcome[];

export interface Expectation {
  readonly endpoint: string;
  readonly case: string;
  readonly outcome: (typeof OUTCOMES)[number];
  readonly reason: string;
  readonly link?: string;
  readonly version?: string;
}

/** The file is not a list of expectations; the message says where and why. */
export class ExpectationsError extends Error {
  override readonly name = 'ExpectationsError';
}

const REQUIRED = ['endpoint', 'case', 'outcome', 'reason'] as const;
const KEYS = new Set<string>([...REQUIRED, 'link', 'version']);

/** The list that YAML text is; `file` is for messages. Throws `ExpectationsError`. */
export function readList(text: string, file: string): Json[] {
  let entries: Json;
  try {
    entries = (parse(text) as Json) ?? [];
  } catch (error) {
    throw new ExpectationsError(`${file}: ${(error as Error).message}`);
  }
  if (!Array.isArray(entries)) throw new ExpectationsError(`${file}: not a list`);
  return entries;
}

/** Reads expectations from YAML text; `file` is for messages. Throws `ExpectationsError`. */
export function readExpectations(text: string, file: string): Expectation[] {
  return readList(text, file).flatMap((entry, index) =>
    isJsonObject(entry) && 'program' in entry && !('case' in entry)
      ? []
      : [readEntry(entry, `${file}: entry ${index + 1}`)],
  );
}

function readEntry(entry: Json, where: string): Expectation {
  if (!isJsonObject(entry)) throw new ExpectationsError(`${where}: not a mapping`);
  for (const [key, value] of Object.entries(entry)) {
    if (!KEYS.has(key)) throw new ExpectationsError(`${where}: unknown key '${key}'`);
    if (typeof value !== 'string') throw new ExpectationsError(`${where}: '${key}' is no string`);
  }
  for (const key of REQUIRED)
    if (!(key in entry)) throw new ExpectationsError(`${where}: '${key}' is missing`);
  const expectation = entry as unknown as Expectation;
  if (!OUTCOMES.includes(expectation.outcome))
    throw new ExpectationsError(`${where}: outcome is none of ${OUTCOMES.join(', ')}`);
  if (expectation.version !== undefined) parseRange(expectation.version, where);
  return expectation;
}

export type Version = readonly [major: number, minor: number, micro: number];
type Comparison = { readonly operator: string; readonly version: Version };

/** Throws `ExpectationsError`. */
export function parseRange(text: string, where = 'version'): Comparison[] {
  return text
    .trim()
    .split(/\s+/)
    .map((part) => {
      const match = /^(>=|<=|>|<|=)(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(part);
      if (match === null) throw new ExpectationsError(`${where}: '${part}' is no comparison like >=7.0`);
      const [, operator, ...numbers] = match;
      return { operator: operator!, version: numbers.map((n) => Number(n ?? 0)) as unknown as Version };
    });
}

/** Whether a version is in a range, a list of comparisons. Throws `ExpectationsError` if it is none. */
export function inRange(version: Version, range: string): boolean {
  return parseRange(range).every(({ operator, version: bound }) => {
    const index = version.findIndex((number, i) => number !== bound[i]);
    const order = index === -1 ? 0 : version[index]! - bound[index]!;
    if (operator === '=') return order === 0;
    if (operator.endsWith('=') && order === 0) return true;
    return operator.startsWith('>') ? order > 0 : order < 0;
  });
}

/** Of a greeting's `version`; null if it tells none. */
export function versionOf({ version }: Pick<EndpointIdentity, 'version'>): Version | null {
  const qemu = isJsonObject(version) ? version.qemu : null;
  if (!isJsonObject(qemu)) return null;
  return [Number(qemu.major), Number(qemu.minor), Number(qemu.micro)];
}

export class Expectations {
  readonly #entries: readonly Expectation[];

  constructor(entries: readonly Expectation[]) {
    this.#entries = entries;
  }

  static none(): Expectations {
    return new Expectations([]);
  }

  /** Those that concern this endpoint. */
  forEndpoint(identity: EndpointIdentity): EndpointExpectations {
    const { target } = identity;
    const names = [target, target.split(':')[0]!];
    const version = versionOf(identity);
    const concerned = this.#entries.filter(
      (entry) =>
        names.some((name) => picomatch(entry.endpoint, { bash: true })(name)) &&
        (entry.version === undefined || (version !== null && inRange(version, entry.version))),
    );
    return new EndpointExpectations(concerned);
  }
}

export class EndpointExpectations {
  readonly #entries: readonly (Expectation & { readonly matches: (id: string) => boolean })[];

  constructor(entries: readonly Expectation[]) {
    this.#entries = entries.map((entry) => ({ ...entry, matches: idMatcher(entry.case) }));
  }

  /** Marks the record if its outcome was foreseen. */
  apply(record: CaseRecord): CaseRecord {
    const entry = this.#entries.find(
      ({ matches, outcome }) => outcome === record.outcome && matches(record.id),
    );
    if (entry === undefined) return record;
    const { reason, link } = entry;
    return { ...record, expected: { reason, ...(link !== undefined && { link }) } };
  }

  /**
   * Entries that no record bears out. One whose cases were not in the run says nothing, unless the run was `whole`:
   * then there is no such case.
   */
  stale(records: readonly CaseRecord[], whole: boolean): RunRecord['staleExpectations'] {
    return this.#entries.flatMap(({ case: pattern, outcome, matches }) => {
      const matching = records.filter(({ id }) => matches(id));
      if (matching.some((record) => record.outcome === outcome)) return [];
      const ran = matching.filter((record) => record.outcome !== 'skip');
      if (ran.length > 0) {
        const got = [...new Set(ran.map((record) => record.outcome))].join(', ');
        return [{ pattern, reason: `expected ${outcome}, got ${got}` }];
      }
      return whole && matching.length === 0 ? [{ pattern, reason: 'no such case' }] : [];
    });
  }
}

/** The deviations of a run as expectations, to be given reasons by hand. YAML text. What is only noted is none. */
export function writeExpectations(record: RunRecord): string {
  const entries = record.cases
    .filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip' && outcome !== 'error')
    .filter(({ outcome, deviations }) => outcome !== 'info' || deviations.length > 0)
    .map(({ id, outcome, expected, deviations, reason }) => ({
      endpoint: record.endpoint.target.split(':')[0],
      case: id,
      outcome,
      reason: expected?.reason ?? `TODO: ${deviations[0]?.message ?? reason ?? 'explain'}`,
      ...(expected?.link !== undefined && { link: expected.link }),
    }));
  return stringify(entries);
}
