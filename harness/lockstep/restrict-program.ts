/**
 * Programs cut down to what two endpoints both offer: members that only one of them knows are left out, and so are
 * calls with a value (a driver, most often) that only one of them knows, also where the schema has a plain string for it.
 * Files are not replaced under them, or made anew while they may be in use: what then becomes of a node is open.
 */
import { type Program, type StartState, type Step, symbolsOf } from '../../generators/sequences/program.ts';
import { isOfKind, madeBy } from '../../generators/sequences/resources.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { ObjectType, Schema, SchemaType } from '../../spec/model.ts';
import { validateArguments } from '../../spec/validate.ts';

/** `startStates`: among them is that of the program. */
export function restrictProgram(
  program: Program,
  schema: Schema,
  startStates: readonly StartState[],
): Program {
  const known = new Set(startStates.find(({ name }) => name === program.startState)?.symbols);
  const steps = program.steps.filter((step) => {
    const makes = isExisting(step) ? [] : madeBy(step).filter((symbol) => isOfKind(symbol, 'file'));
    const restartTranscript = makes.some((file) => known.has(file));
    for (const symbol of symbolsOf(step)) known.add(symbol);
    return !restartTranscript;
  });
  return { ...program, steps: steps.flatMap((step) => restrictStep(step, schema)) };
}

/** A call that takes its file as it is. */
function isExisting(step: Step): boolean {
  return step.kind === 'call' && step.arguments.mode === 'existing';
}

function restrictStep(step: Step, schema: Schema): Step[] {
  if (step.kind === 'overwrite') return [];
  const command = step.kind === 'call' ? schema.commands.get(step.command) : undefined;
  if (step.kind !== 'call' || command === undefined || command.unchecked) return [step];
  const args = restrict(step.arguments, command.arguments) as JsonObject;
  const foreign = validateArguments(schema, step.command, args).some(({ code }) => code === 'enum');
  return foreign || formatsIn(args).some((format) => isForeign(format, schema))
    ? []
    : [{ ...step, arguments: args }];
}

/** Formats of new images are strings of any kind. */
function formatsIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(formatsIn);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'format' && typeof item === 'string' ? [item] : formatsIn(item),
  );
}

/** Whether it is a driver, and one that not both have. */
function isForeign(format: string, schema: Schema): boolean {
  return hasDriver(loadBlockSchema(), format) && !hasDriver(schema, format);
}

function hasDriver({ commands }: Schema, name: string): boolean {
  const members = commands.get('blockdev-add')?.arguments.members ?? [];
  const type = members.find((member) => member.name === 'driver')?.type;
  return type?.kind === 'enum' && type.members.some((member) => member.name === name);
}

function restrict(value: Json, type: SchemaType): Json {
  if (Array.isArray(value))
    return type.kind === 'array' ? value.map((item) => restrict(item, type.element)) : value;
  if (!isJsonObject(value)) return value;
  const object = type.kind === 'alternate' ? type.choices.find(({ kind }) => kind === 'object') : type;
  if (object?.kind !== 'object') return value;
  const members = membersOf(object, value);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const member = members.get(key);
      return member === undefined ? [] : [[key, restrict(item, member)]];
    }),
  );
}

function membersOf(type: ObjectType, value: JsonObject): Map<string, SchemaType> {
  const branch = type.variants.find((variant) => variant.case === value[type.tag ?? ''])?.type;
  const own = type.members.map((member): [string, SchemaType] => [member.name, member.type]);
  return new Map([...own, ...(branch === undefined ? [] : membersOf(branch, value))]);
}
