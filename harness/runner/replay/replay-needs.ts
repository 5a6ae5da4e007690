/**
 * Whether a transcript can be replayed on a target at all. It is skipped only for something that the spec's
 * version has and the target lacks: a command, a driver or another enum value, a member, an option, an object
 * type. A name that both do not know is sent all the same: being refused is what such a transcript is about.
 */
import { isJsonObject, type Json, parseJson } from '../../../spec/json.ts';
import type { ObjectType, Schema, SchemaType } from '../../../spec/model.ts';
import type { TranscriptFile } from './transcript-file.ts';

/** What the spec's version has. */
export interface Known {
  /** Names of all commands of its monitor, also of those that the spec does not define. */
  readonly commands: ReadonlySet<string>;
  /** The commands that the spec defines, with their types. */
  readonly schema: Schema;
}

/** Null if the target has all that the messages and images of a transcript name, else what it lacks. */
export function missing(transcript: TranscriptFile, known: Known, endpointSchema: Schema): string | null {
  const lacks = (found: (string | null)[]): string | null => found.find((one) => one !== null) ?? null;
  const messages = transcript.steps.flatMap((step) => (step.send === undefined ? [] : [step.send]));
  const raw = rawText(transcript);
  return lacks([
    ...messages.map((message) => missingInMessage(message, known, endpointSchema)),
    ...rawMessages(raw).map((message) => missingInMessage(message, known, endpointSchema)),
    ...namesInText(raw, 'execute').map((name) => missingCommand(name, known, endpointSchema)),
    ...namesInText(raw, 'driver').map((name) => missingDriver(name, known, endpointSchema)),
    ...messages.flatMap(driversInPseudoNames).map((name) => missingDriver(name, known, endpointSchema)),
    ...transcript.argv.flatMap(driversInOption).map((name) => missingDriver(name, known, endpointSchema)),
  ]);
}

function missingInMessage(message: Json, known: Known, endpointSchema: Schema): string | null {
  if (!isJsonObject(message) || typeof message.execute !== 'string') return null;
  const name = message.execute;
  const lacking = missingCommand(name, known, endpointSchema);
  if (lacking !== null) return lacking;
  const ours = known.schema.commands.get(name);
  const theirs = endpointSchema.commands.get(name);
  if (!ours || !theirs || message.arguments === undefined) return null;
  return (
    missingInValue(message.arguments, ours.arguments, theirs.arguments, name) ??
    firstOf(formats(message.arguments, ours.arguments), (format) =>
      missingDriver(format, known, endpointSchema),
    )
  );
}

function missingCommand(name: string, known: Known, endpointSchema: Schema): string | null {
  return known.commands.has(name) && !endpointSchema.commands.has(name) ? `command ${name}` : null;
}

function missingDriver(name: string, known: Known, endpointSchema: Schema): string | null {
  return drivers(known.schema).has(name) && !drivers(endpointSchema).has(name) ? `driver ${name}` : null;
}

/** Values of the tag of what `blockdev-add` takes; none where there is no such command. */
function drivers(schema: Schema): ReadonlySet<string> {
  const options = schema.commands.get('blockdev-add')?.arguments;
  const tag = options?.members.find((member) => member.name === options.tag)?.type;
  return new Set(tag?.kind === 'enum' ? tag.members.map((member) => member.name) : []);
}

/** What `ours` has of the names in `value` and `theirs` has not. `what` names the type to people. */
function missingInValue(value: Json, ours: SchemaType, theirs: SchemaType, what: string): string | null {
  if (ours.kind === 'enum' && theirs.kind === 'enum') {
    const has = (type: typeof ours): boolean => type.members.some((member) => member.name === value);
    if (!has(ours) || has(theirs)) return null;
    return ours.name === 'BlockdevDriver' ? `driver ${value}` : `${ours.name} value ${value}`;
  }
  if (ours.kind === 'array' && theirs.kind === 'array') {
    if (!Array.isArray(value)) return null;
    return firstOf(value, (item) => missingInValue(item, ours.element, theirs.element, what));
  }
  if (ours.kind === 'alternate' && theirs.kind === 'alternate') {
    const [left, right] = [ours, theirs].map((type) => type.choices.find((one) => accepts(one, value)));
    return left && right ? missingInValue(value, left, right, what) : null;
  }
  if (ours.kind !== 'object' || theirs.kind !== 'object' || !isJsonObject(value)) return null;
  const tagged = value[ours.tag ?? ''];
  const order = Object.entries(value).toSorted(([a], [b]) => Number(b === ours.tag) - Number(a === ours.tag));
  return firstOf(order, ([key, member]) => {
    const left = memberType(ours, tagged, key);
    if (!left) return null;
    const right = memberType(theirs, tagged, key);
    if (!right) return `member ${key} of ${typeof tagged === 'string' ? `${what} ${tagged}` : what}`;
    return missingInValue(member, left, right, left.kind === 'object' ? left.name : what);
  });
}

/** Values of members `format` that are plain strings: commands take the driver of a new image so. */
function formats(value: Json, type: SchemaType): string[] {
  if (type.kind === 'array' && Array.isArray(value))
    return value.flatMap((item) => formats(item, type.element));
  if (type.kind !== 'object' || !isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const memberIs = memberType(type, value[type.tag ?? ''], name);
    if (name === 'format' && memberIs?.kind === 'builtin') return typeof member === 'string' ? [member] : [];
    return memberIs === undefined ? [] : formats(member, memberIs);
  });
}

function memberType(type: ObjectType, tag: Json | undefined, name: string): SchemaType | undefined {
  const branch = type.variants.find((variant) => variant.case === tag)?.type;
  const common = type.members.find((member) => member.name === name)?.type;
  return common ?? (branch && memberType(branch, undefined, name));
}

function accepts(type: SchemaType, value: Json): boolean {
  if (type.kind === 'object') return isJsonObject(value);
  if (type.kind === 'array') return Array.isArray(value);
  if (type.kind === 'enum') return typeof value === 'string';
  if (type.kind === 'alternate') return type.choices.some((choice) => accepts(choice, value));
  if (type.jsonType === 'int') return typeof value === 'number' || typeof value === 'bigint';
  return type.jsonType === (value === null ? 'null' : typeof value);
}

function firstOf<T>(items: readonly T[], look: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = look(item);
    if (found !== null) return found;
  }
  return null;
}

/** All raw text as one: a message may be spread over several steps. */
function rawText(transcript: TranscriptFile): string {
  return transcript.steps
    .map((step) => step.raw ?? Buffer.from(step['raw-hex'] ?? '', 'hex').toString('latin1'))
    .join('');
}

/** The lines that are whole messages. */
function rawMessages(raw: string): Json[] {
  return raw.split('\n').flatMap((line) => {
    try {
      return [parseJson(line)];
    } catch {
      return [];
    }
  });
}

/** Strings that are values of a member, in text that need not be well-formed. */
function namesInText(text: string, member: 'execute' | 'driver'): string[] {
  const pattern = new RegExp(`["']${member}["']\\s*:\\s*["']([\\w-]+)["']`, 'g');
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

/** Drivers that file names beginning with `json:` name. */
function driversInPseudoNames(value: Json): string[] {
  if (typeof value === 'string') return value.startsWith('json:') ? namesInText(value, 'driver') : [];
  if (Array.isArray(value)) return value.flatMap(driversInPseudoNames);
  return isJsonObject(value) ? Object.values(value).flatMap(driversInPseudoNames) : [];
}

/** Drivers that the value of `-blockdev` or `-drive` names. */
function driversInOption(word: string): string[] {
  if (word.startsWith('{')) return namesInText(word, 'driver');
  return [...word.matchAll(/(?:^|,)(?:[\w.-]+\.)?(?:driver|format)=([\w-]+)/g)].map((match) => match[1]!);
}
