/** Answers from the table: what a call makes and removes, by names, and the call that takes it back. */
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { CommandEffects, Made, Owner, Removed, Resource } from './effects.ts';
import { EFFECTS } from './effects-table.ts';
import { QUERY } from './monitor-effects.ts';

/** Greatest length of a node name in bytes, which are characters: endpoints refuse longer ones, or cut them. */
export const NODE_NAME_MAX = 31;

/** Commands that only ask, those of later releases too. */
const ASKS = /^(query|x-debug)-/;

const UNKNOWN: CommandEffects = { contents: 'unknown' };

/** A command or action with its arguments. */
export interface CommandCall {
  readonly command: string;
  readonly arguments: JsonObject;
}

/** A thing by its name; null for what exists once. */
export interface Thing {
  readonly kind: Resource;
  readonly name: string | null;
  readonly owner: Thing | null;
}

/** What a command does; of one that the table does not have nothing is known, unless its name says that it only asks. */
export function effectsOf(command: string): CommandEffects {
  if (Object.hasOwn(EFFECTS, command)) return EFFECTS[command]!;
  return ASKS.test(command) ? QUERY : UNKNOWN;
}

/** The call itself, or the actions of a transaction. */
export function actionsOf({ command, arguments: args }: CommandCall): CommandCall[] {
  const { actions } = effectsOf(command);
  if (actions === undefined) return [{ command, arguments: args }];
  const list = args[actions];
  return (Array.isArray(list) ? list : []).flatMap((action) =>
    isJsonObject(action) && typeof action.type === 'string' && isJsonObject(action.data)
      ? [{ command: action.type, arguments: action.data }]
      : [],
  );
}

/** What a call that succeeded made, with the call that removes it; null where there is none. */
export function thingsMade(call: CommandCall): { thing: Thing; undo: CommandCall | null }[] {
  return (effectsOf(call.command).makes ?? []).flatMap((made) => {
    const thing = thingOf(made, call.arguments);
    return thing === null ? [] : [{ thing, undo: undoOf(made, thing) }];
  });
}

/** What a call that succeeded removed. */
export function thingsRemoved(call: CommandCall): Thing[] {
  return (effectsOf(call.command).removes ?? []).flatMap((removed) => thingOf(removed, call.arguments) ?? []);
}

/** Whether a thing went when another was removed: it is the same, or is part of it. */
export function goesWith(thing: Thing, removed: Thing): boolean {
  const { owner } = thing;
  return isSame(thing, removed) || (owner !== null && goesWith(owner, removed));
}

/** Whether a command may start a job; one with actions may in one of them. */
export function mayStartJob(command: string): boolean {
  const { job, actions } = effectsOf(command);
  return job !== undefined || actions !== undefined;
}

/** Arguments with which a command does nothing to anybody; null for one that might. */
export function harmlessArguments(command: string): JsonObject | null {
  const { harmlessWith, disruptive } = effectsOf(command);
  return disruptive === undefined ? (harmlessWith ?? null) : null;
}

function isSame(a: Thing, b: Thing): boolean {
  const isOwned = b.owner === null || (a.owner !== null && isSame(a.owner, b.owner));
  return a.kind === b.kind && a.name === b.name && isOwned;
}

/** Null where the arguments name none. */
function thingOf({ kind, argument, partOf, ...made }: Made | Removed, args: JsonObject): Thing | null {
  const owner = partOf === undefined ? null : ownerOf(partOf, args);
  if (argument === undefined) return { kind, name: null, owner };
  const otherwise = 'otherwise' in made ? made.otherwise : undefined;
  const name = text(args[argument]) ?? (otherwise === undefined ? null : text(args[otherwise]));
  return name === null ? null : { kind, name: asKept(kind, name), owner };
}

function ownerOf({ when = {}, ...owner }: Owner, args: JsonObject): Thing | null {
  const isOwner = Object.entries(when).every(([argument, value]) => args[argument] === value);
  return isOwner ? thingOf(owner, args) : null;
}

function undoOf({ kind, undo }: Made, { name, owner }: Thing): CommandCall | null {
  const removed = effectsOf(undo ?? '').removes?.find((one) => one.kind === kind);
  if (undo === undefined || removed === undefined) return null;
  const args: JsonObject = { ...removed.force };
  if (removed.argument !== undefined) args[removed.argument] = name;
  if (removed.partOf?.argument !== undefined) args[removed.partOf.argument] = owner?.name ?? null;
  return { command: undo, arguments: args };
}

/** The name under which an endpoint that takes it keeps it. */
function asKept(kind: Resource, name: string): string {
  return kind === 'node' ? name.slice(0, NODE_NAME_MAX) : name;
}

function text(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
