/**
 * Suites derived from the schema: every command that spec and endpoint have refuses arguments with one fault, of
 * each kind and in each member, with GenericError, and does nothing.
 *
 * One case for a command and a kind of fault (`derived/block_resize/wrong-type`); where the arguments are a union,
 * one more for each branch and kind (`derived/blockdev-add/raw-wrong-type`). A fault that the endpoint's own schema
 * allows (it is newer, or older) is not tried: that is drift, not a deviation.
 */
import type { Fault } from '../../../generators/invalid/fault.ts';
import { effectsOf } from '../../../spec/effects/effects-of.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { Command, Member, ObjectType, Schema } from '../../../spec/model.ts';
import { validateArguments } from '../../../spec/validate.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { needs } from '../helpers/shared-setup.ts';
import { type FaultKind, faulty, forbiddenBy, KINDS, problemOf } from './faults.ts';
import { membersOf, minimalObject } from './minimal.ts';
import { PREPARED } from './prepared.ts';
import { propertyCases } from './properties/index.ts';

const NOTHING = 'no-such-thing';

/** What is tried of one command: all of its arguments, the common part of a union, or one branch of that. */
interface Part {
  readonly command: Command;
  readonly type: ObjectType;
  readonly branch?: string;
  readonly members: readonly Member[];
}

/** Without qmp_capabilities: in an open session it is refused as such, and its faults have cases of their own. */
export function derivedCases(schema: Schema): CaseDefinition[] {
  const faults = [...schema.commands.values()]
    .filter(
      ({ name, unchecked }) =>
        !unchecked && effectsOf(name).disruptive === undefined && name !== 'qmp_capabilities',
    )
    .flatMap(partsOf)
    .flatMap((part) => KINDS.map((kind) => caseOf(part, kind)))
    .filter((definition) => definition !== undefined);
  return [...faults, ...propertyCases(schema)];
}

function partsOf(command: Command): Part[] {
  const type = command.arguments;
  const branches = type.variants.filter((variant) => variant.type.members.length > 0);
  return [
    { command, type, members: type.members },
    ...branches.map(({ case: branch, type: { members } }) => ({ command, type, branch, members })),
  ];
}

function caseOf({ command, type, branch, members }: Part, kind: FaultKind): CaseDefinition | undefined {
  const { name } = command;
  const plain = minimalObject(type, NOTHING, branch);
  const prepared = PREPARED.get(type.tag === undefined ? name : `${name} ${String(plain[type.tag])}`);
  const faults = (base: JsonObject, nothing: string) => faulty(kind, type, base, members, nothing);
  if (faults(plain, NOTHING).next().done) return undefined;
  return {
    id: `derived/${name}/${branch === undefined ? '' : `${branch}-`}${kind}`,
    title: `${name} refuses arguments with a fault: ${kind}${branch === undefined ? '' : `, ${branch}`}`,
    requirements: [forbiddenBy(kind), 'schema/refused-before-effects'],
    needs: needs({ commands: [name] }, prepared?.needs ?? {}),
    async run(t: CaseContext) {
      const nothing = `${t.dir}/${NOTHING}`;
      const base = prepared
        ? await prepared.prepare(t)
        : named(t, type, minimalObject(type, nothing, branch));
      await refuseAll(t, command, kind, faults(base, nothing));
      if (prepared) await t.execute(name, base);
    },
  };
}

/** Gives a node a name, so that one which is made by mistake is known. */
function named(t: CaseContext, type: ObjectType, args: JsonObject): JsonObject {
  const hasName = membersOf(type, args).some(({ name }) => name === 'node-name');
  return hasName && 'driver' in args ? { ...args, 'node-name': t.name('node') } : args;
}

async function refuseAll(
  t: CaseContext,
  { name }: Command,
  kind: FaultKind,
  faults: Iterable<Fault>,
): Promise<void> {
  const vague: string[] = [];
  for (const fault of faults) {
    const { arguments: args, where, mentions } = fault;
    if (args === null) continue;
    if (kind !== 'out-of-range' && validateArguments(t.endpointSchema, name, args).length === 0) continue;
    const { error } = await t.request({ execute: name, arguments: args });
    const problem = problemOf(fault, error);
    if (problem !== null) t.fail(...problem);
    const desc = String((error as JsonObject).desc);
    if (
      mentions.length > 0 &&
      !mentions.some((word) => desc.includes(`'${word}`) || desc.includes(`${word}'`))
    )
      vague.push(`${where} (${desc})`);
  }
  t.check(vague.length === 0, 'a refusal should name the member at fault', 'it does not', {
    severity: 'text',
    path: '$.error.desc',
    got: vague,
  });
}
