/** The table of all statements by definition, as `docs/statements.md` has it; `npm run statements` writes it. */
import { requirementNotes } from '../../reports/requirement-notes.ts';
import type { Schema } from '../../spec/model.ts';
import { outsideBlockApi, toldUnder } from '../../spec/requirements/definitions.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import { unobservable } from '../../spec/requirements/unobservable.ts';
import { derivedCases } from './derived/index.ts';
import { cases } from './index.ts';

/** Ids of hand-written cases by requirement, and how many derived ones there are. */
interface Coverage {
  readonly written: readonly string[];
  readonly derived: number;
}

function coverageOf(schema: Schema): (id: string) => Coverage {
  const written = new Map<string, string[]>();
  for (const { id, requirements: held } of cases)
    for (const one of held) written.set(one, [...(written.get(one) ?? []), id]);
  const derived = new Map<string, number>();
  for (const one of derivedCases(schema).flatMap(({ requirements: held }) => held))
    derived.set(one, (derived.get(one) ?? 0) + 1);
  return (id) => ({ written: written.get(id) ?? [], derived: derived.get(id) ?? 0 });
}

const code = (text: string): string => `\`${text}\``;

/** A cell holds no line break and no bar. */
const cell = (text: string): string => text.replaceAll('\n', ' ').replaceAll('|', '\\|');

function coverageText({ written, derived }: Coverage): string {
  const rest = derived > 0 ? [`${derived} derived`] : [];
  const all = [...written.map(code), ...rest];
  return all.length > 0 ? all.join(', ') : '**none**';
}

/** The whole file. Cases are those that the schema gives. */
export function statementTable(schema: Schema): string {
  const coverage = coverageOf(schema);
  const rows = new Map<string, { readonly id: string; readonly text: string }[]>();
  const add = (definition: string, id: string, columns: readonly string[]): void => {
    const text = `| ${[code(id), ...columns.map(cell)].join(' | ')} |`;
    rows.set(definition, [...(rows.get(definition) ?? []), { id, text }]);
  };
  const all = Object.entries<Requirement>(requirements);
  for (const [id, one] of all)
    add(one.definition, id, [
      one.text,
      [one.level, ...requirementNotes(one)].join(', '),
      coverageText(coverage(id)),
    ]);
  for (const [id, { definition, text, reason }] of Object.entries(unobservable))
    add(definition, id, [text, '', `nothing to observe: ${reason}`]);
  const uncovered = all.filter(([id]) => coverageText(coverage(id)) === '**none**').length;
  const sections = [...rows]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([definition, list]) => [
      `## ${definition}\n`,
      '| id | statement | level | cases |\n| --- | --- | --- | --- |',
      ...list.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ text }) => text),
      '',
    ]);
  const under = Object.entries(toldUnder).map(([name, other]) => `- ${code(name)}: see ${code(other)}`);
  return [
    '# Statements\n',
    'Everything that the suite holds an endpoint to, by the definition that says it, and the cases that do so. Written by',
    '`npm run statements`; nobody edits it.\n',
    `${all.length} requirements, ${uncovered} of them without a case; ${Object.keys(unobservable).length} statements that nobody can observe.\n`,
    ...sections,
    '## Definitions without statements of their own\n',
    ...under,
    ...outsideBlockApi.map((name) => `- ${code(name)}: no part of the block API`),
    '',
  ].join('\n');
}
