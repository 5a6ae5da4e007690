/** Completion from the endpoint's schema: commands, then names of arguments and their values. */
import type { Schema } from '../../../spec/model.ts';
import { splitWords } from './line.ts';
import { type Given, membersOf, objectOf, typeAt, wordsOf } from './schema-walk.ts';

/** What the shell itself understands. */
export const DIRECTIVES: Readonly<Record<string, string>> = {
  '.help': 'what can be typed',
  '.pretty': 'show JSON over several lines',
  '.raw': 'show JSON as it came',
  '.quit': 'leave; what was started is stopped',
};

/** As readline wants it: what may stand in place of the second part, which ends the line. */
export function complete(line: string, schema: Schema): [candidates: string[], word: string] {
  const words = splitWords(line);
  const begun = splitWords(`${line}x`).length === words.length;
  const word = begun ? words.pop()! : '';
  const [command] = words;
  const candidates =
    command === undefined ? commands(schema) : argumentsOf(command, words.slice(1), word, schema);
  return [candidates.filter((candidate) => candidate.startsWith(word)), word];
}

function commands(schema: Schema): string[] {
  return [...[...schema.commands.keys()].toSorted().map((name) => `${name} `), ...Object.keys(DIRECTIVES)];
}

function argumentsOf(command: string, words: readonly string[], word: string, schema: Schema): string[] {
  const type = schema.commands.get(command)?.arguments;
  if (type === undefined) return [];
  const given: Given = new Map(
    words.map((one) => [one.split('=')[0]!, one.slice(one.indexOf('=') + 1)] as const),
  );
  const [path] = word.split('=');
  if (word.includes('=')) return wordsOf(typeAt(type, path!, given)).map((value) => `${path}=${value} `);

  const prefix = word.slice(0, word.lastIndexOf('.') + 1);
  const at = prefix === '' ? type : typeAt(type, prefix.slice(0, -1), given);
  const object = at && objectOf(at);
  if (object === undefined) return [];
  return membersOf(object, given, prefix)
    .filter(({ name }) => !given.has(`${prefix}${name}`))
    .map((member) => `${prefix}${member.name}${member.type.kind === 'object' ? '.' : '='}`);
}
