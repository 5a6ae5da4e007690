/**
 * Documentation against what it documents: what is there is checked in all schemas but those from before such checks
 * (`era.ts`); that it is there, only where a pragma requires it.
 * A fault is reported where it is seen: in the comment's line if one line is wrong, at the `##` that begins the
 * comment if it doesn't match its definition, at the definition if there is no comment.
 */
import type { Definition, FeatureDef } from './ast.ts';
import { fault, SchemaError, type Source } from './diagnostic.ts';
import type { Doc } from './doc.ts';
import type { Pragmas } from './pragma.ts';

/** Comments that are malformed by themselves. */
export function checkDocs(docs: readonly Doc[]): void {
  for (const { faults } of docs) if (faults[0] !== undefined) throw new SchemaError(faults[0]);
}

/** Each definition has documentation, and its own. */
export function checkDocumented({ doc, name, source }: Definition, { docRequired }: Pragmas): void {
  if (doc === undefined) {
    if (docRequired) fault(source, `'${name}' lacks documentation`);
  } else if (doc.symbol !== name)
    fault(at(doc, source), `the documentation before '${name}' is that of '${doc.symbol}'`);
}

/** What is described is there, and what is there is described. */
export function checkDescriptions(definition: Definition, pragmas: Pragmas): void {
  const { doc, name } = definition;
  if (doc === undefined) return;
  const source = at(doc, definition.source);
  const parts = describable(definition);
  const known = new Set([...parts.members, ...parts.branches]);
  for (const member of doc.members.keys())
    if (!known.has(member) && !standsForAll(definition, pragmas))
      fault(source, `described member '${member}' does not exist`);
  for (const feature of doc.features.keys())
    if (!parts.features.some((given) => given.name === feature))
      fault(source, `described feature '${feature}' does not exist`);
  for (const { name: feature } of parts.features)
    if (!doc.features.has(feature)) fault(source, `feature '${feature}' is not described`);
  if (!pragmas.allowsUndocumentedIn(name))
    for (const member of parts.members)
      if (!doc.members.has(member)) fault(source, `member '${member}' is not described`);
  for (const section of ['Returns', 'Errors'])
    if (definition.kind !== 'command' && doc.sections.has(section))
      fault(source, `'${section}:' is for commands only`);
  if (definition.kind === 'command' && definition.returns === undefined && !saysNothing(doc.returns))
    fault(source, `'Returns:' describes what '${name}' does not return`);
}

/** Up to QEMU 4.1 what is described of boxed arguments may be a name made up for them as a whole. */
function standsForAll(definition: Definition, { current }: Pragmas): boolean {
  return 'boxed' in definition && definition.boxed && !current;
}

/** Up to QEMU 9.0 comments said so where a command returns nothing, or told of its errors in this place. */
function saysNothing(returns: string | undefined): boolean {
  return returns === undefined || /\b(?:nothing|errors?)\b/i.test(returns);
}

/** The doc's line, in the words of the definition. */
function at(doc: Doc, source: Source): Source {
  return { ...source, line: doc.source.line };
}

interface Describable {
  readonly members: readonly string[];
  /** May be described, need not be. */
  readonly branches: readonly string[];
  /** The features of the definition and of its members. */
  readonly features: readonly FeatureDef[];
}

type Named = { readonly name: string; readonly features?: readonly FeatureDef[] };

function describable(definition: Definition): Describable {
  const [members, branches] = partsOf(definition);
  return {
    members: members.map((part) => part.name),
    branches: branches.map((part) => part.name),
    features: [...definition.features, ...members.flatMap((part) => part.features ?? [])],
  };
}

function partsOf(definition: Definition): [members: readonly Named[], branches: readonly Named[]] {
  switch (definition.kind) {
    case 'enum':
      return [definition.values, []];
    case 'struct':
      return [definition.members, []];
    case 'alternate':
      return [definition.branches, []];
    case 'union': {
      if (definition.discriminator === undefined) return [[], [{ name: 'type' }, ...definition.branches]];
      return [typeof definition.base === 'string' ? [] : definition.base, definition.branches];
    }
    case 'command':
    case 'event':
      return [typeof definition.data === 'string' ? [] : definition.data, []];
  }
}
