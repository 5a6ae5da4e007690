/**
 * A strict reader of the HTML that reports write: every element closed, attributes quoted, no character that HTML forbids. Throws
 * on anything else; so a test can hold a report to the format without a browser.
 */
const VOID = new Set(['meta', 'input', 'br', 'wbr']);
const NOT_A_CHAR =
  /[^\t\n\r\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{fdcf}\u{fdf0}-\u{fffd}\u{10000}-\u{1fffd}\u{20000}-\u{10fffd}]/u;
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][\w-]*(?:="[^"<>]*")?)*)\s*(\/?)>/y;
const ATTRIBUTE = /([a-zA-Z][\w-]*)(?:="([^"<>]*)")?/g;

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** All elements in order. */
export function readHtml(text: string): Element[] {
  const bad = NOT_A_CHAR.exec(text);
  if (bad) throw new Error(`character ${JSON.stringify(bad[0])} is none of HTML`);
  const start = '<!doctype html>';
  if (!text.startsWith(start)) throw new Error('no doctype');
  const elements: Element[] = [];
  const open: string[] = [];
  for (let at = text.indexOf('<', start.length); at >= 0; at = text.indexOf('<', at)) {
    TAG.lastIndex = at;
    const tag = TAG.exec(text);
    if (!tag) throw new Error(`no tag at ${text.slice(at, at + 60)}`);
    const [, closing, name, attributes, empty] = tag;
    at = TAG.lastIndex;
    if (closing === '/') {
      const expected = open.pop();
      if (expected !== name) throw new Error(`<${expected}> is closed by </${name}>`);
      continue;
    }
    const pairs = [...attributes!.matchAll(ATTRIBUTE)].map(([, key, value = '']) => [key!, value]);
    elements.push({ name: name!, attributes: Object.fromEntries(pairs) });
    if (name === 'script' || name === 'style') at = text.indexOf(`</${name}>`, at);
    if (!VOID.has(name!) && empty === '') open.push(name!);
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is not closed`);
  return elements;
}
