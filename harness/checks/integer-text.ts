/** Where a type is an integer, it is written as one: `1.0` and `1e3` are fractions to who reads QMP. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { type Issue, validateEvent, validateReturn } from '../../spec/validate.ts';
import { asFractions, type WrittenNumber } from '../../spec/written-numbers.ts';
import type { Check, CheckContext } from './check.ts';

type Validate = (value: Json) => readonly Issue[];

export function integerText(): Check {
  return {
    id: 'integer-text',
    title: 'An integer is written without fraction and exponent',
    after({ command, replies: [reply], events, written }, context) {
      if (written === undefined) return;
      const { endpointSchema } = context;
      if (reply !== undefined && command !== undefined && endpointSchema.commands.has(command))
        judge(command, reply, written.get(reply), '$.return', returnOf(endpointSchema, command), context);
      for (const event of events) {
        const name = String(event.event);
        if (endpointSchema.events.has(name))
          judge(name, event, written.get(event), '$.data', dataOf(endpointSchema, name), context);
      }
    },
  };
}

function returnOf(schema: Schema, command: string): Validate {
  return (message) => validateReturn(schema, command, (message as JsonObject).return ?? null);
}

function dataOf(schema: Schema, name: string): Validate {
  return (message) => validateEvent(schema, name, (message as JsonObject).data ?? {});
}

/** `part`: of the message, what `validate` looks at. */
function judge(
  who: string,
  message: JsonObject,
  numbers: readonly WrittenNumber[] | undefined,
  part: string,
  validate: Validate,
  { report }: CheckContext,
): void {
  if (numbers === undefined || !isJsonObject(message)) return;
  const texts = new Map(numbers.map(({ path, text }) => [path, text]));
  const before = new Set(validate(message).map(({ path }) => path));
  for (const { path } of validate(asFractions(message, new Set(texts.keys())))) {
    const whole = path.replace('$', part);
    const text = texts.get(whole);
    if (text === undefined || before.has(path)) continue;
    report({
      severity: 'must',
      message: `${who} sent an integer written with a fraction or an exponent`,
      path: whole,
      got: text,
    });
  }
}
