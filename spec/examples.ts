/**
 * The examples in the documentation of the spec: what is sent and what comes back, line by line. Lines that begin with `->`
 * are sent, with `<-` received; what else stands there are captions.
 */
import { loadBlockDocs } from './block-core.ts';
import { isJsonObject, type JsonObject, parseJson } from './json.ts';

/** A message of an example. */
export interface ExampleLine {
  readonly direction: 'sent' | 'received';
  readonly message: JsonObject;
}

/** The example of one definition: its messages, in order. */
export type Example = readonly ExampleLine[];

const CAPTION = /^\s*\d+\./;
const MARKED = /^(->|<-)\s/;

let examples: ReadonlyMap<string, Example> | undefined;

/** By the command or event whose documentation shows it. Read once in a process. */
export function loadExamples(): ReadonlyMap<string, Example> {
  examples ??= new Map(
    loadBlockDocs()
      .filter((doc) => doc.symbol !== undefined && doc.examples.length > 0)
      .map((doc) => [doc.symbol!, doc.examples.flatMap(readExample)]),
  );
  return examples;
}

/** The messages in the text of one section. Throws `SyntaxError` for one that is no JSON object. */
export function readExample(text: string): Example {
  const lines: { direction: ExampleLine['direction']; json: string }[] = [];
  let open = false;
  for (const line of text.split('\n')) {
    const marker = MARKED.exec(line)?.[1];
    open = marker !== undefined || (open && !CAPTION.test(line));
    if (marker !== undefined)
      lines.push({ direction: marker === '->' ? 'sent' : 'received', json: line.slice(2) });
    else if (open) lines.at(-1)!.json += `\n${line}`;
  }
  return lines.map(({ direction, json }) => {
    const message = parseJson(json);
    if (!isJsonObject(message)) throw new SyntaxError(`not a message: ${json.trim()}`);
    return { direction, message };
  });
}
