/**
 * Text of endpoints in GitHub's Markdown, so that it is read as it was meant in a page, and can be read in the raw: with
 * back-slashes where it must be, and code in spans. No character is written as an entity.
 */
import { clip, printable } from './text.ts';

/** What Markdown, HTML or GitHub would read: the underscore only at the edge of a word, the colon in links and emoji. */
const SPECIAL = /[\\`*[\]#|~@<>&$]|(?<!\w)_|_(?!\w)|:(?=\/\/|[\w+-]+:)/g;

/** Text on one line, outside of code. */
export function markdownText(text: string, max = 500): string {
  return clip(printable(text), max).replace(SPECIAL, '\\$&');
}

/** A span of code on one line. Its fence is longer than any in the text. */
export function markdownCode(text: string, max = 500): string {
  const code = clip(printable(text), max);
  const longest = Math.max(0, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = code === '' || /^[` ]|[` ]$/.test(code) ? ' ' : '';
  return `${fence}${pad}${code}${pad}${fence}`;
}

/** A table: cells are Markdown. Bars in code spans end a cell, unless they have a back-slash too. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => text.replace(/(?<!\\)((?:\\\\)*)\|/g, '$1\\|');
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
