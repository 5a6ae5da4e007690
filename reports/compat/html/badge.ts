/** A status as sign and word: never by colour alone. */
import type { Status } from '../compat-model.ts';
import { STATUS_WORDS } from '../status.ts';
import { html, type Markup } from './markup.ts';

export const SIGNS = {
  crash: '†',
  timeout: '∞',
  error: '⚠',
  fail: '✖',
  known: '◐',
  flaky: '≈',
  warn: '!',
  info: 'i',
  pass: '✔',
  skip: '–',
  untested: '·',
  absent: '∅',
} as const satisfies Record<Status, string>;

/** Sign and word, in the colour of the status. */
export function badge(status: Status, more = ''): Markup {
  return html`<span class="badge ${status}"><span aria-hidden="true">${SIGNS[status]}</span> ${STATUS_WORDS[status]}${more}</span>`;
}

/** Only the sign; the word is for those who do not see it. */
export function sign(status: Status, label = ''): Markup {
  const words = `${label === '' ? '' : `${label}: `}${STATUS_WORDS[status]}`;
  return html`<span class="sign ${status}" title="${words}"><span aria-hidden="true">${SIGNS[status]}</span><span class="sr">${words}</span></span>`;
}
