/**
 * The form of a known deviation in a file of expectations. `docs/expectations.schema.json` publishes it.
 */
import * as v from 'valibot';
import type { Outcome } from '../../reports/record.ts';
import { mapping } from '../input-file.ts';
import { isVersionRange } from './endpoint-version.ts';
import type { Globs } from './glob.ts';

const glob = v.pipe(v.string(), v.minLength(1, 'it is empty'));
const globs = v.union(
  [glob, v.pipe(v.array(glob), v.minLength(1, 'it is empty'))],
  'it takes a string or a list of strings',
);

function described<S extends v.GenericSchema>(schema: S, text: string) {
  return v.pipe(schema, v.description(text));
}

/** A range of versions of an endpoint. */
export const versionRange = v.pipe(
  v.string(),
  v.check(isVersionRange, ({ input }) => `'${input}' is no range of versions like '>=7.2 <7.3'`),
);

const check = described(
  globs,
  'Glob on what saw it: the id of a check, `case` for what the case itself states, `crash`, `hang`. Of a difference its class: crash, hang, must, should, order, text, schema, timing.',
);
const path = described(
  globs,
  'Glob on the JSON path at which it shows, without positions in lists: `$.nodes[].image`. Default: `$`, the whole; of what each side says: any.',
);
const message = described(
  globs,
  'Glob on the message with values normalised, as the command prints it. Of a crash: the signal and the last words; of a hang: what was in flight.',
);

const wording = mapping({
  left: described(globs, 'Glob on what the left side says.'),
  right: described(globs, 'Glob on what the right side says.'),
});
const differenceMessage = described(
  v.union(
    [
      glob,
      wording,
      v.pipe(
        v.array(v.union([glob, wording], 'it takes a string, or left and right')),
        v.minLength(1, 'it is empty'),
      ),
    ],
    'it takes a string, left and right, or a list of these',
  ),
  'Glob on the message; or what each side says, where it is the text of an error that differs. Of a list any.',
);

const deviation = mapping({ check, message, path: v.exactOptional(path) });
const differing = mapping({
  check,
  command: v.exactOptional(
    described(globs, 'Glob on the command, `event NAME`, or what else was compared: end, outcome, contents.'),
  ),
  message: differenceMessage,
  path: v.exactOptional(path),
});

const common = {
  endpoint: described(
    globs,
    'Glob on the target, on what stands before its first colon, or on its name (`--name`). Of a difference: the right side.',
  ),
  version: v.exactOptional(
    described(
      versionRange,
      'Range of versions of the endpoint, as npm has them: `>=7.2 <7.3`. A bound means its zeros: `<=7.2` is up to 7.2.0.',
    ),
  ),
  reason: described(v.string(), 'Why this is known and accepted.'),
  link: v.exactOptional(described(v.string(), 'Where to read more.')),
};

const some = <S extends v.GenericSchema>(item: S) => v.pipe(v.array(item), v.minLength(1, 'it is empty'));

const ofCase = mapping({
  about: v.literal('case'),
  ...common,
  case: described(globs, 'Glob on case ids; also means everything below.'),
  deviations: described(
    some(deviation),
    'What the case may show: if it shows anything else too, nothing is excused.',
  ),
});
const ofFinding = mapping({
  about: v.literal('finding'),
  ...common,
  deviations: described(some(deviation), 'What a campaign is not to tell of.'),
});
const ofDifference = mapping({
  about: v.literal('difference'),
  ...common,
  left: described(
    globs,
    'Glob on the other target, the left side. The entry holds with the sides exchanged too.',
  ),
  case: v.exactOptional(described(globs, 'Only in these cases; `*`: only in cases.')),
  program: v.exactOptional(
    described(globs, 'Only in programs with such a text; `*`: only in programs, in all of them.'),
  ),
  deviations: described(some(differing), 'What may differ.'),
});

/** An entry as the published schema has it. */
export const expectationSchema = v.variant(
  'about',
  [ofCase, ofFinding, ofDifference],
  'it takes case, finding or difference',
);

/** A whole file, for the published schema. */
export const fileSchema = v.pipe(
  v.array(expectationSchema),
  v.title('Expectations'),
  v.description(
    'Known deviations of endpoints, for `--expect FILE` of qmpcheck run, fuzz and diff. In globs `*` stands for anything, slashes included; in names also ?, [ab] and {a,b} as picomatch has them; of a list any may match.',
  ),
);

type Written = v.InferOutput<typeof expectationSchema>;
/** What an entry is about, and who asks for it: `run`, `fuzz`, `diff`. */
export type About = Written['about'];

/** What `left` and `right` say, where it is the text of an error that differs. */
export type Wording = v.InferOutput<typeof wording>;

/** Which deviation is meant: a member that is absent is as the schema says. `printed`: a glob on all of it as commands print it. */
export type DeviationPattern =
  | {
      readonly check: Globs;
      readonly command?: Globs;
      readonly message: string | Wording | readonly (string | Wording)[];
      readonly path?: Globs;
    }
  | { readonly printed: string };

/** An entry as it was read. Beyond the members of the schema: where it stands, and what only the earlier spelling says. */
export interface Expectation {
  readonly file: string;
  readonly line: number;
  /** It is one of the project's own. */
  readonly shipped: boolean;
  readonly about: About;
  readonly endpoint: Globs;
  readonly version?: string;
  readonly left?: Globs;
  readonly case?: Globs;
  readonly program?: Globs;
  /** Glob, of texts, on the name of the case or program. */
  readonly where?: string;
  /** Only where the case ends so. */
  readonly outcome?: Outcome;
  readonly deviations: readonly DeviationPattern[];
  readonly reason: string;
  readonly link?: string;
}
