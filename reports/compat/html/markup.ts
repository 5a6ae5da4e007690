/**
 * How markup is written: `html` escapes what is put into it. Text of endpoints goes through `say` first, which leaves no
 * control characters and no endless lines.
 */
import { html as hono, raw } from 'hono/html';
import { clip, printable } from '../../text.ts';

/** Text whose parts are escaped: HTML, or XML. */
export type Markup = ReturnType<typeof raw>;
export type Part = Markup | string | number | false | null | undefined | readonly Part[];

/** Tags a template; as none of the parts is asynchronous, hono gives the markup itself. */
export const html = hono as (strings: TemplateStringsArray, ...parts: Part[]) => Markup;
export { raw };

/** Text of an endpoint on one line, printable and clipped. */
export function say(text: string, max = 1000): string {
  return clip(printable(text), max);
}

/** The id of a case, which breaks after its slashes first. */
export function caseName(id: string, max = 300): Part {
  return say(id, max)
    .split('/')
    .map((step, index) => (index === 0 ? step : html`/<wbr>${step}`));
}

/** For an `id` and the links to it; what links hold is encoded. */
export function caseAnchor(id: string): string {
  return `case/${say(id, 500)}`;
}

export function hrefOf(anchor: string): string {
  return `#${encodeURIComponent(anchor).replaceAll('%2F', '/')}`;
}

/** The head of an endpoint's column: without the folders of paths, which make columns wide. */
export function columnHead(label: string): Markup {
  const short = label.replace(/(?:\/[^\s/]+)+\/(?=[^\s/])/g, '…/');
  return html`<th scope="col" class="endpoint" title="${say(label, 300)}">${say(short, 40).replace(/ \(\d+ more characters\)$/, '')}</th>`;
}

/** When, or how long: all that two reports on the same may differ in. */
export function time(text: string, kind?: string): Markup {
  return html`<time${kind !== undefined && html` class="${kind}"`}>${text}</time>`;
}
