/**
 * Entries as they were spelled while `run`, `fuzz` and `diff` had a form each; files that hold them stay valid:
 *
 *   - {endpoint, case, outcome, reason, link, version}: whatever a case shows, where it ends with that outcome;
 *   - {endpoint, program, reason, version}: `program` is a glob on buckets;
 *   - {left, right, version, in, where, program, differences, texts, of, reason}: `differences` are globs on what is printed,
 *     `texts` pairs of what the sides say.
 */
import * as v from 'valibot';
import type { Json, JsonObject } from '../../spec/json.ts';
import { isJsonObject } from '../../spec/json.ts';
import { type InputText, mapping, validate } from '../input-file.ts';
import { type DeviationPattern, type Expectation, versionRange } from './expectation.ts';

const text = v.pipe(v.string(), v.minLength(1, 'it is empty'));
const texts = v.array(text);
const version = v.exactOptional(versionRange);

const caseSchema = mapping({
  endpoint: text,
  case: text,
  outcome: v.picklist(
    ['fail', 'warn', 'info', 'skip', 'crash', 'timeout', 'flaky'],
    'it takes fail, warn, info, skip, crash, timeout or flaky',
  ),
  reason: v.string(),
  link: v.exactOptional(v.string()),
  version,
});

const findingSchema = mapping({
  endpoint: text,
  program: text,
  reason: v.string(),
  link: v.exactOptional(v.string()),
  version,
});

const side = v.union([text, texts], 'it takes a string or a list of strings');
const differenceSchema = v.pipe(
  mapping({
    left: text,
    right: text,
    reason: v.string(),
    version,
    in: v.exactOptional(v.picklist(['cases', 'programs'], 'it takes cases or programs')),
    where: v.exactOptional(text),
    program: v.exactOptional(text),
    differences: v.exactOptional(texts),
    texts: v.exactOptional(
      v.array(v.strictTuple([side, side], 'it takes a pair of texts, or of lists of texts')),
    ),
    of: v.exactOptional(texts),
  }),
  v.check(
    ({ differences, texts: pairs }) => (differences ?? pairs) !== undefined,
    "neither 'differences' nor 'texts'",
  ),
);

type Entry = Omit<Expectation, 'file' | 'line' | 'shipped'>;

/** Whether an entry is in the earlier spelling: it has a key of it that says what it is about, and none that is new. */
export function isEarlierSpelling(entry: Json): entry is JsonObject {
  if (!isJsonObject(entry) || 'about' in entry || 'deviations' in entry) return false;
  return ['case', 'program', 'left', 'right'].some((key) => key in entry);
}

/** The same as it is spelled now. Throws `InputError`. */
export function readEarlierSpelling(entry: JsonObject, input: InputText): Entry {
  if ('left' in entry || 'right' in entry) return differenceEntry(validate(differenceSchema, input));
  if ('case' in entry) {
    const of = validate(caseSchema, input);
    return { about: 'case', ...of, deviations: [{ check: '*', message: '*', path: '*' }] };
  }
  const { program, ...rest } = validate(findingSchema, input);
  return { about: 'finding', ...rest, deviations: [{ printed: program }] };
}

function differenceEntry(entry: v.InferOutput<typeof differenceSchema>): Entry {
  const { right, in: scope, differences = [], texts: pairs = [], of, ...rest } = entry;
  const wordings = pairs.map(
    ([ours, theirs]): DeviationPattern => ({
      check: 'text',
      ...(of && { command: of }),
      message: { left: ours, right: theirs },
    }),
  );
  return {
    about: 'difference',
    endpoint: right,
    ...(scope === 'programs' && { program: '*' }),
    ...(scope === 'cases' && { case: '*' }),
    ...rest,
    deviations: [...differences.map((printed) => ({ printed })), ...wordings],
  };
}
