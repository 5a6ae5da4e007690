/**
 * Examples of the spec's documentation on a live endpoint. What they send is sent as it stands there, but for the folder of
 * files; what comes back must have the form that they show. Members that an example leaves out may come.
 */
import { basename } from 'node:path';
import { type Example, loadExamples } from '../../../spec/examples.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { shown } from '../case-text.ts';
import type { CaseFile } from '../helpers/shared-setup.ts';

/** The messages that the documentation of a command or event shows. */
function exampleOf(name: string): Example {
  const example = loadExamples().get(name);
  if (example === undefined) throw new Error(`${name} has no example`);
  return example;
}

/** A request of an example, with what comes of it up to the next. */
interface Shown {
  readonly command: string;
  readonly args: JsonObject | undefined;
  readonly events: readonly JsonObject[];
  readonly reply: JsonObject;
}

/** What an example sends, in order, each with what comes of it. */
export function requestsOf(name: string): Shown[] {
  const requests: (Shown & { events: JsonObject[] })[] = [];
  for (const { direction, message } of exampleOf(name)) {
    const last = requests.at(-1);
    if (direction === 'sent')
      requests.push({
        command: String(message.execute),
        args: message.arguments as JsonObject | undefined,
        events: [],
        reply: {},
      });
    else if ('event' in message) last?.events.push(message);
    else requests[requests.length - 1] = { ...last!, reply: message };
  }
  return requests;
}

/** What a query of an example returns there. */
export function shownReturn(name: string): Json {
  return requestsOf(name)[0]!.reply.return!;
}

/** The data of the event that its own example shows. */
export function shownData(name: string): JsonObject {
  return exampleOf(name)[0]!.message.data as JsonObject;
}

/** Members that hold the name of a file. */
const FILES = new Set(['filename', 'snapshot-file', 'top', 'base']);

/** The same arguments with their files in `folder`. */
function within(folder: CaseFile, command: string, args: JsonObject): JsonObject {
  const moved = ([member, value]: [string, Json]): [string, Json] => {
    if (isJsonObject(value)) return [member, within(folder, command, value)];
    const isFile = FILES.has(member) || (member === 'target' && command.startsWith('drive-'));
    return [member, isFile ? `${folder.path}/${basename(String(value))}` : value];
  };
  return Object.fromEntries(Object.entries(args).map(moved));
}

/** What part of an example's requests is sent: by index, the end not included. Default: all. */
interface Part {
  readonly from?: number;
  readonly to?: number;
}

/** Sends what an example sends. Events that it shows must come before the reply. */
export async function play(
  t: CaseContext,
  name: string,
  folder: CaseFile,
  { from, to }: Part = {},
): Promise<void> {
  for (const { command, args, events, reply } of requestsOf(name).slice(from, to)) {
    const sent = args && within(folder, command, args);
    if (isJsonObject(reply.error)) {
      await t.refused(command, sent, { text: patternOf(String(reply.error.desc)) });
      continue;
    }
    formOf(t, `the return of ${command}`, await t.execute(command, sent), reply.return!);
    for (const { event, data } of events) {
      const came = t.pending().some((told) => told.event === event);
      t.check(came, `${String(event)} must come before ${command} returns`, 'it did not come');
      t.contains(
        (await t.event(String(event))).data ?? null,
        data!,
        `${String(event)} must tell what the example shows`,
      );
    }
  }
}

/** The text of an error, wherever its files are. */
function patternOf(text: string): RegExp {
  const parts = text.split(/\/\S*\//).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** `got` must have every member that is shown, of the same JSON type; an empty object or list must be empty. */
export function formOf(t: CaseContext, what: string, got: Json, example: Json): void {
  t.check(
    typeName(got) === typeName(example),
    `${what} must be of type ${typeName(example)}`,
    `it is ${shown(got)}`,
  );
  if (Array.isArray(example) && Array.isArray(got)) {
    t.check(
      got.length >= example.length,
      `${what} must have ${example.length} entries`,
      `it has ${got.length}`,
    );
    for (const [index, entry] of example.entries()) formOf(t, `${what}[${index}]`, got[index]!, entry);
  }
  if (!isJsonObject(example) || !isJsonObject(got)) return;
  if (Object.keys(example).length === 0) t.equal(got, {}, `${what} must be an empty object`);
  for (const [member, value] of Object.entries(example)) {
    t.check(member in got, `${what} must have ${member}`, 'it is missing');
    formOf(t, `${what}.${member}`, got[member]!, value);
  }
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'bigint' ? 'number' : typeof value;
}
