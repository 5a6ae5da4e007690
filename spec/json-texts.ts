/** Files that hold several JSON texts one after another, as a session with an endpoint leaves them. */
import { type Json, parseJson } from './json.ts';

/** A string, or one character; what stands in strings opens and closes nothing. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[\s\S]/g;

/** The values of a sequence of JSON texts separated by white space, in any formatting. Throws `SyntaxError`. */
export function parseJsonTexts(text: string): Json[] {
  const values: Json[] = [];
  let depth = 0;
  let start = 0;
  const end = (at: number) => {
    const one = text.slice(start, at);
    if (one.trim() !== '') values.push(parseJson(one));
    start = at;
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (depth === 0) end(index);
      depth += 1;
    } else if (token === '}' || token === ']') {
      depth -= 1;
      if (depth === 0) end(index + 1);
    } else if (depth === 0 && /\s/.test(token)) end(index);
  }
  end(text.length);
  return values;
}
