/** Two JSON values side by side, line by line, with the lines marked that only one of them has. */
import { type Json, stringifyJson } from '../../../spec/json.ts';
import { html, type Markup, say } from './markup.ts';

/** Longer values are shown without marks and cut. */
const MOST_LINES = 200;

export function sideBySide(expected: Json | undefined, got: Json | undefined): Markup {
  const [left, right] = [linesOf(expected), linesOf(got)];
  const common = left && right ? commonLines(left, right) : null;
  return html`<div class="sides"><div><h5>Expected</h5>${pane(left, common?.left)}</div><div><h5>Got</h5>${pane(right, common?.right)}</div></div>`;
}

function linesOf(value: Json | undefined): string[] | null {
  if (value === undefined) return null;
  const lines = stringifyJson(value, 2).split('\n');
  const shown = lines.slice(0, MOST_LINES).map((line) => say(line, 300));
  return lines.length > MOST_LINES ? [...shown, `… (${lines.length - MOST_LINES} more lines)`] : shown;
}

function pane(lines: readonly string[] | null, common: ReadonlySet<number> | undefined): Markup {
  if (lines === null) return html`<p class="dim">not recorded</p>`;
  const mark = (line: string, index: number) =>
    common === undefined || common.has(index) ? html`${line}\n` : html`<mark>${line}</mark>\n`;
  return html`<pre tabindex="0">${lines.map(mark)}</pre>`;
}

/** Indexes of the lines of a longest common subsequence, in each of the two. */
function commonLines(left: readonly string[], right: readonly string[]) {
  const longest = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i -= 1)
    for (let j = right.length - 1; j >= 0; j -= 1)
      longest[i]![j] =
        left[i] === right[j]
          ? longest[i + 1]![j + 1]! + 1
          : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
  const common = { left: new Set<number>(), right: new Set<number>() };
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) {
      common.left.add(i);
      common.right.add(j);
      i += 1;
      j += 1;
    } else if (longest[i + 1]![j]! >= longest[i]![j + 1]!) i += 1;
    else j += 1;
  }
  return common;
}
