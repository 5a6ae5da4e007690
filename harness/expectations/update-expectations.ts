/**
 * Brings a file of expectations to what was seen, and touches nothing else:
 *
 *   1. entries about what was seen and nothing beyond it lose what does not show any more;
 *   2. what shows and no entry names is added, an entry a case or finding, for this endpoint and its minor version; what may
 *      show in any case, in one entry for all.
 *
 * Entries with globs, of other endpoints, versions or cases were written for more than was seen here, and stay.
 */
import { type Cause, causeKey } from '../../reports/cause.ts';
import type { Outcome } from '../../reports/record.ts';
import type { JsonObject } from '../../spec/json.ts';
import { ownRange } from './endpoint-version.ts';
import type { Expectation } from './expectation.ts';
import { ExpectationsFile } from './expectations-file.ts';
import { globOfName, listOf, nameOfGlob, textGlob } from './glob.ts';
import { KnownDeviations, namesOf, type SeenDeviation, type Subject } from './known-deviations.ts';
import { readExpectations } from './read-expectations.ts';

/** The reason of what was added, until somebody gives a better one. */
export const NOT_LOOKED_INTO = 'not looked into yet';

/** Checks on what comes at any time, so that another run has it in other cases. */
const WANDERS: ReadonlySet<string> = new Set(['event-schema']);

/** A case that ran, or a finding. */
export interface Seen {
  /** Id of the case; empty for a finding. */
  readonly where: string;
  readonly outcome?: Outcome;
  readonly causes: readonly Cause[];
  /** All of it, where commands print it in another way than its message: of a finding. */
  readonly printed?: string;
  /** It fails the run, so that it is to be known; else it only shows that entries are not stale. */
  readonly counts: boolean;
}

export interface UpdateOptions {
  /** As it was; empty for a new file. */
  readonly text: string;
  /** For messages. */
  readonly file: string;
  readonly about: 'case' | 'finding';
  readonly endpoint: Subject;
  readonly seen: readonly Seen[];
  /** Ids of checks that did not look: what they saw earlier stays. */
  readonly blind?: readonly string[] | undefined;
  /** What other files say: it is not written again. */
  readonly elsewhere: readonly Expectation[];
}

/** How the file is afterwards. */
export interface Updated {
  readonly text: string;
  readonly expectations: readonly Expectation[];
  /** Case globs of the entries that were taken away, or deviations of them. */
  readonly taken: readonly string[];
}

/** Throws `InputError` where the text is at fault. */
export function updateExpectations(options: UpdateOptions): Updated {
  const { text, file, about, endpoint, seen, elsewhere } = options;
  const entries = readExpectations(text, file);
  const output = new ExpectationsFile(text);
  const taken = entries.flatMap((entry, place) =>
    isOfNothingElse(entry, options) && prune(output, place, entry, options) ? casesOf(entry) : [],
  );
  const known = new KnownDeviations([...readExpectations(`${output}`, file), ...elsewhere], {
    about,
    endpoint,
  });
  const anywhere: Cause[] = [];
  for (const one of seen) {
    const fresh = one.causes.filter((cause) => known.find(deviationOf(cause, one)) === undefined);
    if (!one.counts) continue;
    anywhere.push(...fresh.filter((cause) => about === 'case' && WANDERS.has(cause.check)));
    const here = fresh.filter((cause) => !anywhere.includes(cause));
    if (here.length > 0) output.add(entryOf(here, globOfName(one.where), options));
  }
  if (anywhere.length > 0) output.add(entryOf(anywhere, '*', options));
  const updated = `${output}`;
  return { text: updated, expectations: readExpectations(updated, file), taken };
}

/** Findings are random: that one did not come up says nothing. */
function isOfNothingElse(entry: Expectation, { about, endpoint, seen }: UpdateOptions): boolean {
  if (about !== 'case' || entry.about !== 'case' || entry.case === undefined) return false;
  const names = namesOf(endpoint);
  const isOwnVersion = entry.version === undefined || entry.version.trim() === ownRange(endpoint);
  return (
    isOwnVersion &&
    listOf(entry.endpoint).every((glob) => names.includes(nameOfGlob(glob) ?? '')) &&
    casesOf(entry).every((id) => seen.some(({ where }) => where === id))
  );
}

/** Whether something was taken away. */
function prune(
  output: ExpectationsFile,
  place: number,
  entry: Expectation,
  { endpoint, seen, blind = [] }: UpdateOptions,
): boolean {
  const cases = casesOf(entry);
  const here = seen.filter(({ where }) => cases.includes(where));
  if (entry.outcome !== undefined) return makePrecise(output, place, entry, here);
  const gone = entry.deviations.flatMap((deviation, index) => {
    const one = new KnownDeviations([{ ...entry, deviations: [deviation] }], { about: 'case', endpoint });
    const shows = here.some((shown) =>
      shown.causes.some((cause) => one.find(deviationOf(cause, shown)) !== undefined),
    );
    const isUnseen = 'check' in deviation && blind.some(textGlob(deviation.check));
    return shows || isUnseen ? [] : [index];
  });
  if (gone.length === entry.deviations.length) output.remove(place);
  else if (gone.length > 0) output.removeDeviations(place, gone);
  return gone.length > 0;
}

/** An entry in the earlier spelling names no deviation: what shows is taken for what was meant. */
function makePrecise(
  output: ExpectationsFile,
  place: number,
  { endpoint, version, case: cases, outcome, reason, link }: Expectation,
  here: readonly Seen[],
): boolean {
  const causes = here.flatMap((one) => (one.outcome === outcome ? one.causes : []));
  if (causes.length === 0) output.remove(place);
  else
    output.replace(place, {
      about: 'case',
      endpoint: endpoint as string,
      ...(version !== undefined && { version }),
      case: cases as string,
      deviations: written(causes),
      reason,
      ...(link !== undefined && { link }),
    });
  return causes.length === 0;
}

/** `cases`: glob on them. */
function entryOf(causes: readonly Cause[], cases: string, { about, endpoint }: UpdateOptions): JsonObject {
  const version = ownRange(endpoint);
  return {
    about,
    endpoint: endpointGlob(endpoint),
    ...(version !== null && { version }),
    ...(about === 'case' && { case: cases }),
    deviations: written(causes),
    reason: NOT_LOOKED_INTO,
  };
}

/** Where QEMU was built says nothing of what it is; all else is what it was called. */
function endpointGlob({ target, name }: Subject): string {
  const [kind] = target.split(':') as [string];
  return globOfName(name ?? (/^(qemu-|reference$)/.test(kind) ? kind : target));
}

function casesOf({ case: cases = [] }: Expectation): string[] {
  return listOf(cases).map((glob) => nameOfGlob(glob) ?? glob);
}

function deviationOf(cause: Cause, { where, outcome, printed = cause.message }: Seen): SeenDeviation {
  return { ...cause, printed, where, ...(outcome && { outcome }) };
}

function written(causes: readonly Cause[]): JsonObject[] {
  const unique = new Map(causes.map((cause) => [causeKey(cause), cause]));
  return [...unique.values()].map(({ check, message, path }) => ({
    check,
    message: message === '' ? '*' : message,
    ...(path !== '$' && { path }),
  }));
}
