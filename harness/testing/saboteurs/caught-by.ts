/** The cases that must notice each saboteur: `caught-by.json`, written by `npm run sabotage -- --update`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { packageRoot } from '../../../spec/package-root.ts';
import type { Noticed } from '../judging/suite-on-reference.ts';

const FILE = new URL('harness/testing/saboteurs/caught-by.json', packageRoot());

/** Cases that are written down for one saboteur, at most. */
const MOST = 3;

/** Characters, as in `biome.json`. */
const LINE_WIDTH = 110;

type CaughtBy = Readonly<Record<string, readonly string[]>>;

let known: CaughtBy | undefined;

function read(): CaughtBy {
  known ??= JSON.parse(readFileSync(FILE, 'utf8')) as CaughtBy;
  return known;
}

/** The ids of the cases that must notice; none for a saboteur that is missed. */
export function caughtBy(id: string): readonly string[] {
  return read()[id] ?? [];
}

/** All ids of saboteurs that a case is written down for. */
export function caughtSaboteurs(): readonly string[] {
  return Object.keys(read());
}

/** Replaces what is written down for these saboteurs. */
export function writeCaughtBy(
  results: readonly { readonly id: string; readonly noticed: readonly Noticed[] }[],
): void {
  const all: Record<string, readonly string[]> = { ...read() };
  for (const { id, noticed } of results) {
    const names = noticed.map(({ by }) => by).filter((by) => by.includes('/'));
    if (names.length > 0) all[id] = names.slice(0, MOST);
    else if (noticed.length === 0) delete all[id];
  }
  known = all;
  writeFileSync(FILE, formatted(all));
}

/** The text of the file, as the formatter wants it. */
export function formatted(all: CaughtBy): string {
  const entries = Object.keys(all)
    .toSorted()
    .map((id) => entry(id, all[id]!));
  return `{\n${entries.join(',\n')}\n}\n`;
}

function entry(id: string, cases: readonly string[]): string {
  const names = cases.map((name) => JSON.stringify(name));
  const line = `  ${JSON.stringify(id)}: [${names.join(', ')}]`;
  // with the comma behind it
  if (line.length < LINE_WIDTH) return line;
  return `  ${JSON.stringify(id)}: [\n${names.map((name) => `    ${name}`).join(',\n')}\n  ]`;
}
