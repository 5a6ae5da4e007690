/** How the script of a finding tells whether a deviation is there: a condition for each check whose looking it can repeat. */
import type { Program } from '../../generators/sequences/program.ts';
import type { CaseRecord, Deviation } from '../../reports/record.ts';
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { ROUNDS } from './leak-detector.ts';
import { inFolder, type StepHooks } from './script-steps.ts';

/** Lines of the shell and conditions that functions of `script-functions.ts` hold. */
export interface ScriptVerdict {
  /** Lines before the first step. */
  readonly first?: readonly string[];
  readonly hooks?: StepHooks;
  /** How often the program is played on one endpoint. */
  readonly rounds?: number;
  /** Lines after the last step. */
  readonly last?: readonly string[];
  /** A command that succeeds if the fault is there, and one that does if that cannot be told. */
  readonly shown: string;
  readonly untold?: string;
}

/** A deviation, and what it was seen in. */
export interface ScriptEvidence {
  readonly deviation: Deviation;
  readonly program: Program;
  readonly record: CaseRecord;
}

type Judge = (evidence: ScriptEvidence) => ScriptVerdict | null;

const JUDGES: Readonly<Record<string, Judge>> = {
  envelope: judgeEnvelope,
  'error-class': judgeErrorClass,
  'reply-schema': judgeReplySchema,
  'event-schema': judgeEventSchema,
  'invalid-refused': judgeInvalidRefused,
  'error-changes-nothing': judgeRefusalThatChanges,
  'query-changes-nothing': judgeQueryThatChanges,
  leftovers: judgeLeftovers,
  'success-has-effect': judgeEffect,
  'leak/files': () => ({
    first: ['ls -A > "$aux/files.before"', 'look; home=$(names node-name)'],
    last: ['take_back "$(echo $home)"'],
    shown: 'unasked',
  }),
  'leak/of-memory': () => growth('memory', 24 * 2 ** 20),
  'leak/of-descriptors': () => growth('descriptors', 12),
  'data/contents': judgeContents,
  'data/images': judgeImages,
};

/** Null where no script can tell. */
export function verdictOf(evidence: ScriptEvidence): ScriptVerdict | null {
  return JUDGES[evidence.deviation.check]?.(evidence) ?? null;
}

/** The step of the program that was looked at; null where no exchange is known. */
function stepOf({ deviation, program, record }: ScriptEvidence): number | null {
  const steps = record.transcript?.steps ?? [];
  const step = steps[deviation.exchange ?? -1];
  if (step === undefined) return null;
  if (isJsonObject(step.send ?? null)) return Number((step.send as JsonObject).id);
  const before = steps.slice(0, deviation.exchange).filter(isRaw).length;
  return program.steps.flatMap(({ kind }, index) => (kind === 'raw' ? [index] : []))[before] ?? null;
}

function isRaw(step: object): boolean {
  return 'raw' in step || 'raw-hex' in step;
}

/** A basic regular expression for a path as `flat` writes it, at any place of a list unless `exact`. */
function pattern(path: string, exact = false): string {
  const plain = (text: string): string => text.replace(/[.$*[\]\\^/]/g, '\\$&');
  return exact
    ? plain(path)
    : path
        .split(/\[\d+\]/)
        .map(plain)
        .join('\\[[0-9]*\\]');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const KINDS: Readonly<Record<string, string>> = {
  int: '-\\{0,1\\}[0-9]*$',
  number: '-\\{0,1\\}[0-9]*[.eE]',
  string: '"',
  boolean: '[tf]',
  null: 'null',
  object: '{',
  array: '\\[',
};

/** A command that succeeds if what a schema forbids stands in a file again. `whole`: what stood there when it was found. */
function breaks(file: string, message: string, path: string, whole: Json): string | null {
  const at = pattern(path);
  const kind = /expected .*, got (\w+)$/.exec(message)?.[1];
  if (kind !== undefined) return `found ${file} ${quoted(`${at}\t${KINDS[kind] ?? ''}`)}`;
  if (message.includes('is not a member')) return `found ${file} ${quoted(`${at}\t`)}`;
  if (message.endsWith('is required')) {
    const parent = quoted(`${pattern(path.replace(/(\.[\w-]+|\["[^"]*"\])$/, ''), true)}\t`);
    return `found ${file} ${parent} && ! found ${file} ${quoted(`${pattern(path, true)}\t`)}`;
  }
  const value = valueAt(whole, path);
  return value === undefined
    ? null
    : `found ${file} ${quoted(`${at}\t${pattern(stringifyJson(value), true)}$`)}`;
}

function valueAt(whole: Json, path: string): Json | undefined {
  let value: Json | undefined = whole;
  for (const [, member, odd, index] of path.matchAll(/\.([\w-]+)|\["([^"]*)"\]|\[(\d+)\]/g)) {
    if (index !== undefined) value = Array.isArray(value) ? value[Number(index)] : undefined;
    else value = isJsonObject(value ?? null) ? (value as JsonObject)[(member ?? odd)!] : undefined;
  }
  return value;
}

/** In the reply to the step. */
function ofReply(evidence: ScriptEvidence, shown: (file: string) => string | null): ScriptVerdict | null {
  const step = stepOf(evidence);
  if (step === null) return null;
  const file = `reply.${step}`;
  const condition = shown(file);
  return condition === null ? null : { shown: condition, untold: `[ ! -s "$aux/${file}" ]` };
}

function judgeErrorClass(evidence: ScriptEvidence): ScriptVerdict | null {
  const { got } = evidence.deviation;
  return ofReply(
    evidence,
    (file) => `found ${file} ${quoted(`\\$\\.error\\.class\t${pattern(stringifyJson(got ?? null), true)}`)}`,
  );
}

function judgeReplySchema(evidence: ScriptEvidence): ScriptVerdict | null {
  const { message, path = '$', exchange = -1 } = evidence.deviation;
  const reply = evidence.record.transcript?.steps[exchange]?.reply ?? null;
  return ofReply(evidence, (file) => breaks(file, message, path, reply));
}

function judgeInvalidRefused(evidence: ScriptEvidence): ScriptVerdict | null {
  return ofReply(evidence, (file) => `found ${file} ${quoted('\\$\\.return')}`);
}

/** Among all events of the name. */
function judgeEventSchema({ deviation }: ScriptEvidence): ScriptVerdict | null {
  const { message, path = '$', got = null } = deviation;
  if (!isJsonObject(got) || typeof got.event !== 'string') return null;
  const named = `grep -q ${quoted(`"event": *"${got.event}"`)} "$aux/events"`;
  if (message.endsWith('is not in the schema')) return { shown: named };
  const broken = breaks('one-event', message, path, got);
  return broken === null
    ? null
    : { shown: `any_event ${quoted(got.event)} ${quoted(broken)}`, untold: `! ${named}` };
}

const FOREIGN = /^(a reply|error|an event) has the unknown member '(.*)'$/;

function judgeEnvelope(evidence: ScriptEvidence): ScriptVerdict | null {
  const { message } = evidence.deviation;
  const [, where, member = ''] = FOREIGN.exec(message) ?? [];
  if (where === 'an event')
    return { shown: `any_event '' ${quoted(`found one-event ${quoted(`${pattern(`$.${member}`)}\t`)}`)}` };
  return ofReply(evidence, (file) => {
    const has = (path: string, value = ''): string => `found ${file} ${quoted(`${pattern(path)}\t${value}`)}`;
    if (where !== undefined) return has(where === 'error' ? `$.error.${member}` : `$.${member}`);
    if (message === 'a reply has both return and error') return `${has('$.return')} && ${has('$.error')}`;
    if (message === 'a reply has neither return nor error')
      return `! ${has('$.return')} && ! ${has('$.error')}`;
    if (message === 'error is no object') return `! ${has('$.error', '{')} && ${has('$.error')}`;
    const absent = /^error has no string '(\w+)'$/.exec(message)?.[1];
    return absent === undefined ? null : `${has('$.error', '{')} && ! ${has(`$.error.${absent}`, '"')}`;
  });
}

const PARTS: Readonly<Record<string, { readonly query: string; readonly name: string }>> = {
  nodes: { query: 'query-named-block-nodes', name: 'node-name' },
  devices: { query: 'query-block', name: 'device' },
  jobs: { query: 'query-jobs', name: 'id' },
};

/** Whether what a path of a snapshot names is the same before and after some steps. */
function ofState(path: string, from: number, to: number): ScriptVerdict | null {
  const part = PARTS[/^\$\.(\w+)/.exec(path)?.[1] ?? ''];
  if (part === undefined) return null;
  const { query, name } = part;
  const below = path.replace(/^\$\.\w+/, '$.return');
  const names = below === '$.return' ? `$.return[0].${name}` : below;
  // Files of formats grow by themselves: only the one that was seen.
  const at = pattern(names, below.endsWith('.virtual-size'));
  const flat = query === 'query-named-block-nodes' ? ` ',"arguments":{"flat":true}'` : '';
  return {
    hooks: {
      before: new Map([[from, [`state state.before ${query}${flat}`]]]),
      after: new Map([[to, [`state state.after ${query}${flat}`]]]),
    },
    shown: `differs ${quoted(`${at}[].[\t]`)}`,
    untold: '[ ! -s "$aux/state.after" ]',
  };
}

function judgeRefusalThatChanges(evidence: ScriptEvidence): ScriptVerdict | null {
  const step = stepOf(evidence);
  const verdict = step === null ? null : ofState(evidence.deviation.path ?? '', step, step);
  if (verdict === null) return null;
  return { ...verdict, shown: `! found reply.${step} ${quoted('\\$\\.return')} && ${verdict.shown}` };
}

function judgeQueryThatChanges(evidence: ScriptEvidence): ScriptVerdict | null {
  const { deviation, program } = evidence;
  const end = stepOf(evidence) ?? program.steps.length;
  const isQuery = (index: number): boolean => {
    const step = program.steps[index];
    return step?.kind === 'call' && step.command.startsWith('query-');
  };
  let to = end;
  while (to >= 0 && !isQuery(to)) to -= 1;
  let from = to;
  while (isQuery(from - 1)) from -= 1;
  return to < 0 ? null : ofState(deviation.path ?? '', from, to);
}

/** What a command that succeeded made is there, what it removed is not, something has changed. */
function judgeEffect(evidence: ScriptEvidence): ScriptVerdict | null {
  const step = stepOf(evidence);
  const [, what = ''] = / succeeded, and (.*)$/.exec(evidence.deviation.message) ?? [];
  const verdict = step === null ? null : ofState('$.nodes', step, step);
  if (verdict === null) return null;
  const done = `found reply.${step} ${quoted('\\$\\.return')}`;
  const told = (member: string, name: string): string =>
    `grep -q ${quoted(`\\.${member}\t"${name}"$`)} "$aux/state.after"`;
  const [, node] = /^there is no node '(.*)'$/.exec(what) ?? [];
  if (node !== undefined) return { ...verdict, shown: `${done} && ! ${told('node-name', node)}` };
  const [, snapshot] = /^there is no snapshot '(.*)'$/.exec(what) ?? [];
  if (snapshot !== undefined) return { ...verdict, shown: `${done} && ! ${told('name', snapshot)}` };
  const [, left] = /^the node '(.*)' is still there$/.exec(what) ?? [];
  if (left !== undefined) return { ...verdict, shown: `${done} && ${told('node-name', left)}` };
  if (what === 'there was no job')
    return { last: ['jobs_asked', 'jobs=$(names id; names device)'], shown: `${done} && no_job` };
  return null;
}

const HELD: Readonly<Record<string, string>> = {
  node: 'nodes',
  job: 'jobs',
  'dirty bitmap': 'bitmaps',
  'open file': 'openFiles',
};

function judgeLeftovers({ deviation }: ScriptEvidence): ScriptVerdict | null {
  const kind =
    HELD[/^left over after clean-up: (node|job|dirty bitmap|open file) /.exec(deviation.message)?.[1] ?? ''];
  if (kind === undefined) return null;
  return {
    first: ['look; home=$(names node-name)', `names_held ${kind} held.before`],
    last: ['take_back "$(echo $home)"', `names_held ${kind} held.after`],
    shown: 'more held.before held.after',
    ...(kind === 'openFiles' && { untold: '[ ! -r "/proc/$pid/fd" ]' }),
  };
}

function growth(what: 'memory' | 'descriptors', bound: number): ScriptVerdict {
  return { rounds: ROUNDS, shown: `grows ${what} ${bound}`, untold: '[ ! -r "/proc/$pid/fd" ]' };
}

/** What a deviation in contents tells of the place. */
function placeOf({ expected = null, got = null }: Deviation): Record<string, Json> | null {
  if (!isJsonObject(expected) || !isJsonObject(got) || typeof got.node !== 'string') return null;
  return {
    ...got,
    right: expected.byte ?? expected.bytes ?? null,
    wrong: got.byte ?? got.bytes ?? null,
    image: expected.image ?? null,
  };
}

function judgeContents({ deviation }: ScriptEvidence): ScriptVerdict | null {
  const { message } = deviation;
  const place = placeOf(deviation);
  if (/^writing a node .* (fails|end well)$/.test(message)) return { shown: '[ "$unwritten" = yes ]' };
  if (place === null || typeof place.look !== 'number') return null;
  const { node, offset, right, wrong, look } = place;
  const told = { shown: '[ "$judged" = shown ]', untold: '[ "$judged" != gone ]' };
  const line = message.startsWith('reading a node')
    ? `judge_reading ${node}`
    : offset === undefined
      ? `judge_length ${node} ${right} ${wrong}`
      : `judge ${node} ${offset} ${right} ${wrong}`;
  return { ...told, hooks: { looks: new Map([[look, [line, 'read_all']]]) } };
}

/** Of images that the endpoint has let go of. */
function judgeImages({ deviation }: ScriptEvidence): ScriptVerdict | null {
  const { message, got = null } = deviation;
  const last = ['take_back ""', 'end_endpoint'];
  const told = { shown: '[ "$judged" = shown ]', untold: '[ "$judged" != gone ]' };
  if (message.startsWith('qemu-img check finds')) {
    const file = isJsonObject(got) ? String(got.filename).split('/').at(-1)! : '';
    const status = message.endsWith('corruption') ? 2 : 3;
    return file === '' ? null : { last: [...last, `judge_check ${inFolder(file)} ${status}`], ...told };
  }
  const place = placeOf(deviation);
  if (place === null || !isJsonObject(place.image ?? null) || place.offset === undefined) return null;
  const image = inFolder(`json:${stringifyJson(place.image!)}`);
  return { last: [...last, `judge_image ${image} ${place.offset} ${place.right} ${place.wrong}`], ...told };
}
