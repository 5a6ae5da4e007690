/**
 * A strict reader of the part of XML 1.0 that reports use: elements, attributes, text, CDATA, references. Throws
 * on anything that is not well-formed; so a test can hold a report to the format without trusting its writer.
 */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Own text, without that of children. */
  readonly text: string;
}

const NOT_A_CHAR = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;
const DECLARATION = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/;
const OPEN_TAG = /<([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.-]*="[^"<]*")*)\s*(\/?)>/y;
const ATTRIBUTE = /([A-Za-z_][\w.-]*)="([^"<]*)"/g;
const REFERENCES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

export function parseXml(text: string): XmlElement {
  const bad = NOT_A_CHAR.exec(text);
  if (bad) throw new Error(`character ${JSON.stringify(bad[0])} is none of XML`);
  const declaration = DECLARATION.exec(text);
  if (!declaration) throw new Error('no XML declaration');
  const { element, end } = parseElement(text, declaration[0].length);
  if (text.slice(end).trim() !== '') throw new Error('content behind the root element');
  return element;
}

function parseElement(text: string, start: number): { element: XmlElement; end: number } {
  OPEN_TAG.lastIndex = start;
  const open = OPEN_TAG.exec(text);
  if (!open) throw new Error(`no tag at ${text.slice(start, start + 40)}`);
  const name = open[1]!;
  const attributes: Record<string, string> = {};
  for (const [, key, value] of open[2]!.matchAll(ATTRIBUTE)) {
    if (Object.hasOwn(attributes, key!)) throw new Error(`attribute ${key} twice`);
    attributes[key!] = decode(value!);
  }
  const children: XmlElement[] = [];
  let content = '';
  let at = OPEN_TAG.lastIndex;
  if (open[3] === '/') return { element: { name, attributes, children, text: content }, end: at };

  for (;;) {
    const next = text.indexOf('<', at);
    if (next < 0) throw new Error(`<${name}> is not closed`);
    content += decodeText(text.slice(at, next));
    if (text.startsWith('<![CDATA[', next)) {
      const close = text.indexOf(']]>', next);
      if (close < 0) throw new Error('CDATA is not closed');
      content += text.slice(next + '<![CDATA['.length, close);
      at = close + ']]>'.length;
    } else if (text.startsWith('</', next)) {
      const close = `</${name}>`;
      if (!text.startsWith(close, next)) throw new Error(`<${name}> is closed by another tag`);
      return { element: { name, attributes, children, text: content }, end: next + close.length };
    } else {
      const child = parseElement(text, next);
      children.push(child.element);
      at = child.end;
    }
  }
}

function decodeText(text: string): string {
  if (text.includes(']]>')) throw new Error(']]> in text');
  return decode(text);
}

function decode(text: string): string {
  return text.replace(/&([^;&\s]*;?)/g, (_, reference: string) => {
    const named = REFERENCES[reference.slice(0, -1)];
    if (named !== undefined && reference.endsWith(';')) return named;
    const code = /^#x([0-9A-F]+);$/i.exec(reference);
    if (!code) throw new Error(`bad reference &${reference}`);
    return String.fromCodePoint(Number.parseInt(code[1]!, 16));
  });
}
