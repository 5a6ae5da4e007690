/** Records that the command line names. */
import * as v from 'valibot';
import { OUTCOMES } from '../../reports/outcome.ts';
import {
  IMPLEMENTATIONS,
  LEVELS,
  RECORD_VERSION,
  type RunRecord,
  type TranscriptStep,
} from '../../reports/record.ts';
import { isJsonObject, type Json } from '../../spec/json.ts';
import { InputError } from '../input-error.ts';
import { readJson, validate } from '../input-file.ts';
import { UsageError } from './exit.ts';
import { readText } from './files.ts';

const text = v.string();
const texts = v.array(text);
const outcome = v.picklist(OUTCOMES, 'it is no outcome');
const level = v.picklist(LEVELS, 'it takes must, should or may');
const severity = v.picklist([...LEVELS, 'text'], 'it takes must, should, may or text');
const json = v.custom<Json>(() => true);
/** What a step holds is up to who replays it. */
const step = v.custom<TranscriptStep>((value) => isJsonObject(value as Json), 'it takes a mapping');

const deviation = v.looseObject({
  check: text,
  severity,
  message: text,
  requirement: v.exactOptional(text),
  path: v.exactOptional(text),
  expected: v.exactOptional(json),
  got: v.exactOptional(json),
  exchange: v.exactOptional(v.number()),
});

const transcript = v.looseObject({
  name: text,
  what: v.exactOptional(text),
  endpoint: text,
  argv: texts,
  setup: v.array(json),
  negotiate: v.exactOptional(v.boolean()),
  steps: v.array(step),
});

const caseRecord = v.looseObject({
  id: text,
  title: text,
  requirements: texts,
  outcome,
  severity: v.exactOptional(severity),
  reason: v.exactOptional(text),
  durationMs: v.number(),
  expected: v.exactOptional(v.looseObject({ reason: text, link: v.exactOptional(text) })),
  earlier: v.exactOptional(v.array(outcome)),
  deviations: v.array(deviation),
  transcript: v.exactOptional(transcript),
  process: v.exactOptional(
    v.looseObject({
      exitCode: v.exactOptional(v.nullable(v.number())),
      signal: v.exactOptional(v.nullable(text)),
      lastWords: texts,
      inFlight: v.exactOptional(text),
      unanswered: v.exactOptional(
        v.array(v.looseObject({ text, by: v.picklist(['case', 'check', 'runner']) })),
      ),
    }),
  ),
  hint: v.exactOptional(text),
  cause: v.exactOptional(v.looseObject({ check: text, message: text, path: text })),
  again: v.exactOptional(text),
});

/** The form of `docs/record.schema.json`, as far as those who read records rely on it. */
const recordSchema = v.looseObject({
  recordVersion: v.literal(RECORD_VERSION, `it takes ${RECORD_VERSION}`),
  tool: v.looseObject({ name: v.literal('qmpcheck', 'it takes qmpcheck'), version: text }),
  invocation: v.exactOptional(v.looseObject({ program: texts, options: texts })),
  endpoint: v.looseObject({
    target: text,
    name: v.exactOptional(text),
    version: json,
    implementation: v.exactOptional(v.picklist(IMPLEMENTATIONS, 'it takes qemu or reference')),
    package: v.exactOptional(text),
    argv: texts,
    schemaDigest: v.exactOptional(text),
    quirks: v.exactOptional(
      v.array(
        v.looseObject({
          name: text,
          value: v.exactOptional(json),
          does: text,
          tolerance: text,
          case: text,
          seen: v.exactOptional(text),
        }),
      ),
    ),
    schemaOrigin: v.exactOptional(
      v.looseObject({
        base: text,
        restrictedBy: v.picklist(['query-commands', 'probing']),
        reason: v.exactOptional(text),
        undecided: v.exactOptional(texts),
      }),
    ),
  }),
  seed: text,
  startedAt: text,
  durationMs: v.number(),
  shard: v.exactOptional(v.looseObject({ index: v.number(), of: v.number() })),
  order: v.exactOptional(text),
  missingShards: v.exactOptional(v.looseObject({ indexes: v.array(v.number()), of: v.number() })),
  policy: v.exactOptional(
    v.looseObject({
      level,
      strictExpectations: v.boolean(),
      failOnFlaky: v.exactOptional(v.boolean()),
      excludedChecks: v.exactOptional(texts),
    }),
  ),
  interrupted: v.boolean(),
  incomplete: v.exactOptional(v.boolean()),
  cases: v.array(caseRecord),
  requirements: v.array(v.looseObject({ id: text, level, definition: text, text })),
  staleExpectations: v.array(v.looseObject({ pattern: text, reason: text })),
  totals: v.looseObject(v.entriesFromList(OUTCOMES, v.number())),
});

/** Throws `InputError` if the file is none that `--reporter json` writes, `UsageError` if it cannot be read. */
export function readRecord(file: string): RunRecord {
  const content = readText(file);
  try {
    const input = readJson(content, file);
    const { recordVersion } = isJsonObject(input.value) ? input.value : {};
    if (typeof recordVersion === 'number' && recordVersion !== RECORD_VERSION)
      throw new UsageError(
        `${file}: a record of version ${recordVersion}; this qmpcheck reads version ${RECORD_VERSION}`,
      );
    // What was read is given as it is: members in their order, and those too that are unknown here.
    validate(recordSchema, input) satisfies RunRecord;
    return input.value as unknown as RunRecord;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${error.message}; no record as --reporter json writes it`);
  }
}
