/**
 * The text of a file of expectations, entry by entry: what is not touched stays as somebody wrote it, comments, order and
 * layout too.
 */
import { Document, isMap, isSeq, parseDocument, stringify, type YAMLMap, YAMLSeq } from 'yaml';
import type { JsonObject } from '../../spec/json.ts';

/** Widest line of what is written anew. */
const WIDTH = 120;

/** Entries are named by their place, from 0. Each may be changed once. */
export class ExpectationsFile {
  readonly #head: string;
  /** Each with what follows it, up to the next. */
  readonly #entries: string[];
  readonly #document: Document.Parsed;
  readonly #added: string[] = [];
  #isShorter = false;

  /** `text` has been read as expectations without a fault. */
  constructor(text: string) {
    const [document, whole] = blockStyle(text);
    const starts = startsOf(document, whole);
    this.#document = document;
    this.#head = whole.slice(0, starts[0] ?? whole.length);
    this.#entries = starts.map((start, index) => whole.slice(start, starts[index + 1]));
  }

  /** Takes the entry away, with the blank lines around it; comments stay. */
  remove(place: number): void {
    const before = [this.#head, ...this.#entries.slice(0, place)].join('');
    const after = afterword(this.#entries[place]!);
    const isApart = before === '' || before.endsWith('\n\n');
    this.#entries[place] = isApart ? after.replace(/^\n+/, '') : after;
    this.#isShorter = true;
  }

  /** Takes those of its deviations away that stand at these places. */
  removeDeviations(place: number, deviations: readonly number[]): void {
    for (const index of [...deviations].toReversed()) this.#document.deleteIn([place, 'deviations', index]);
    const { contents } = this.#document;
    const entry = isSeq(contents) ? contents.items[place] : null;
    if (!isMap(entry)) return;
    // They are in the text before and after it.
    entry.commentBefore = null;
    entry.comment = null;
    entry.spaceBefore = false;
    this.#rewrite(place, entry);
  }

  /** Puts another entry into its place. */
  replace(place: number, entry: JsonObject): void {
    this.#rewrite(place, this.#document.createNode(entry) as YAMLMap);
  }

  /** Adds an entry at the end. */
  add(entry: JsonObject): void {
    this.#added.push(stringify([entry], { lineWidth: WIDTH }));
  }

  toString(): string {
    const all = [this.#head, ...this.#entries].join('');
    const kept = this.#isShorter ? all.replace(/\n{2,}$/, '\n') : all;
    if (this.#added.length === 0) return kept;
    const end = kept === '' ? '' : kept.endsWith('\n') ? '\n' : '\n\n';
    return `${kept}${end}${this.#added.join('\n')}`;
  }

  #rewrite(place: number, entry: YAMLMap): void {
    const document = new Document(null);
    const list = new YAMLSeq();
    list.items.push(entry);
    document.contents = list as unknown as typeof document.contents;
    this.#entries[place] = document.toString({ lineWidth: WIDTH }) + afterword(this.#entries[place]!);
  }
}

function afterword(entry: string): string {
  // The line of the entry itself is never one.
  const lines = entry.split(/(?<=\n)/);
  const last = lines.findLastIndex((line, index) => index === 0 || !/^(#.*)?\s*$/.test(line));
  return lines.slice(last + 1).join('');
}

/** A list in brackets is put into lines first. */
function blockStyle(text: string): [Document.Parsed, string] {
  const document = parseDocument(text, { keepSourceTokens: true });
  const { contents } = document;
  if (!isSeq(contents) || contents.flow !== true) return [document, text];
  contents.flow = false;
  return blockStyle(contents.items.length === 0 ? '' : document.toString({ lineWidth: WIDTH }));
}

/** Where the line of each entry begins. */
function startsOf({ contents }: Document.Parsed, text: string): number[] {
  const token = isSeq(contents) ? contents.srcToken : undefined;
  if (token?.type !== 'block-seq') return [];
  return token.items.flatMap(({ start }) => {
    const dash = start.find(({ type }) => type === 'seq-item-ind');
    return dash === undefined ? [] : [text.lastIndexOf('\n', dash.offset) + 1];
  });
}
