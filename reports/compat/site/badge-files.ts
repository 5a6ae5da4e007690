/** Badges: an SVG of our own, and JSON for the badge services that read the schema of shields.io's endpoint badge. */
import stringWidth from 'string-width';
import { clip } from '../../text.ts';
import { html, say } from '../html/markup.ts';
import type { SiteEndpoint } from './site.ts';
import { type Verdict, verdictOf } from './verdict.ts';

const LABEL = 'QMP block API';

/** Names as shields.io has them, and what they look like: white text on them has a contrast of at least 4.5. */
const COLOURS = {
  pass: ['brightgreen', '#17753d'],
  known: ['blueviolet', '#6a3fa0'],
  fail: ['red', '#b3202c'],
  incomplete: ['lightgrey', '#5a6577'],
} as const satisfies Record<Verdict['kind'], readonly [name: string, colour: string]>;

/** The member names are those of https://shields.io/badges/endpoint-badge. */
export function badgeJson({ record }: SiteEndpoint): string {
  const { kind, text } = verdictOf(record);
  const badge = { schemaVersion: 1, label: LABEL, message: text, color: COLOURS[kind][0] };
  return `${JSON.stringify(badge, null, 2)}\n`;
}

/** A flat badge, 20 high. It holds no text of the endpoint but its name, for those who hover. */
export function badgeSvg({ name, record }: SiteEndpoint): string {
  const { kind, text } = verdictOf(record);
  const [left, right] = [widthOf(LABEL), widthOf(text)];
  const width = left + right;
  const words = `${LABEL}: ${text}`;
  return `${html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${words}"><title>${say(clip(name, 100))}: ${words}</title><rect width="${width}" height="20" rx="3" fill="#3d4654"/><path d="M${left} 0h${right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-${right - 3}z" fill="${COLOURS[kind][1]}"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"><text x="${left / 2}" y="14" textLength="${left - 10}">${LABEL}</text><text x="${left + right / 2}" y="14" textLength="${right - 10}">${text}</text></g></svg>`}\n`;
}

/** In pixels, with a margin of five on both sides. */
function widthOf(text: string): number {
  return Math.round(stringWidth(text) * 6.6) + 10;
}
