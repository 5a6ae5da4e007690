import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from './block-core.ts';
import { loadExamples, readExample } from './examples.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { type Issue, validateArguments, validateEvent, validateReturn } from './validate.ts';

describe('an example', () => {
  test('is its messages, without captions', () => {
    const text =
      '\n1. First\n-> { "execute": "a",\n     "arguments": {} }\n\n<- { "return": {} }\n2. Then\n-> { "execute": "b" }';
    expect(readExample(text)).toEqual([
      { direction: 'sent', message: { execute: 'a', arguments: {} } },
      { direction: 'received', message: { return: {} } },
      { direction: 'sent', message: { execute: 'b' } },
    ]);
  });

  test('that is no JSON is a fault', () => {
    expect(() => readExample('-> { "execute": }')).toThrow(SyntaxError);
    expect(() => readExample('<- []')).toThrow('not a message: []');
  });
});

describe('the examples of the spec', () => {
  const schema = loadBlockSchema();
  const examples = [...loadExamples()];

  test('stand with commands and events', () => {
    expect(examples).toHaveLength(33);
    for (const [name] of examples)
      expect(schema.commands.has(name) || schema.events.has(name), name).toBe(true);
  });

  test.each(examples)('of %s: what it shows fits the schema', (_, example) => {
    let command = '';
    const issues = example.flatMap(({ direction, message }) => {
      if (direction === 'sent') {
        command = message.execute as string;
        return validateArguments(schema, command, message.arguments ?? {});
      }
      if ('error' in message) return [];
      return isJsonObject(message) && 'event' in message
        ? shown(message)
        : shownReturn(command, message.return!);
    });
    expect(issues).toEqual([]);
  });

  test('show the command or event that they stand with', () => {
    for (const [name, example] of examples)
      expect(
        example.some(({ message }) => message.execute === name || message.event === name),
        name,
      ).toBe(true);
  });

  /** Examples leave members out; none that they show may be wrong. */
  const partial = (issues: readonly Issue[]): Issue[] => issues.filter(({ code }) => code !== 'missing');

  const shown = (event: JsonObject): Issue[] =>
    partial(validateEvent(schema, event.event as string, event.data));

  const shownReturn = (command: string, value: Json): Issue[] =>
    partial(validateReturn(schema, command, value));
});
