/** Files of expectations: YAML, a list of entries. */
import type { Json } from '../../spec/json.ts';
import { type InputText, readYaml, validate } from '../input-file.ts';
import { isEarlierSpelling, readEarlierSpelling } from './earlier-spelling.ts';
import { type Expectation, expectationSchema } from './expectation.ts';

/** Reads expectations from YAML text; `file` is for messages. An empty text has none. Throws `InputError`. */
export function readExpectations(text: string, file: string, shipped = false): Expectation[] {
  const input = readYaml(text, file);
  const entries = input.value ?? [];
  if (!Array.isArray(entries)) throw input.fault([], 'it takes a list of expectations');
  return entries.map((entry, index) => {
    const at = itemOf(input, entry, index);
    const read = isEarlierSpelling(entry) ? readEarlierSpelling(entry, at) : validate(expectationSchema, at);
    return { ...read, file, line: input.lineOf([index]), shipped };
  });
}

/** Its faults are told with its place in the file. */
function itemOf({ lineOf, fault }: InputText, value: Json, index: number): InputText {
  return {
    value,
    lineOf: (place) => lineOf([index, ...place]),
    fault: (place, what) => fault([index, ...place], what),
  };
}
