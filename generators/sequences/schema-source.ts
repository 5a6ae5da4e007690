/**
 * Arguments from the schema: every optional member, enum value, branch and limit can come up.
 *
 *   1. values: at random by the arbitraries, or the least that reach one point of the schema;
 *   2. members without which a command does nothing are given mostly, and what it makes gets symbols that are new;
 *   3. what would cost an endpoint its memory is brought into bounds, and text that looks like a symbol is none;
 *   4. one named mutation, where they are to be invalid.
 */
import { effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Command, Member, Schema } from '../../spec/model.ts';
import { Compiler, isNodeOptions } from '../arbitraries/compile-generators.ts';
import { Draw } from '../arbitraries/draw.ts';
import { randomFault } from '../invalid/invalid-arguments.ts';
import { Points } from '../points/points.ts';
import type { Random } from '../random.ts';
import { bound } from '../types/bounds.ts';
import type { Live } from '../types/live-names.ts';
import { branchOf } from '../types/members.ts';
import type { ArgumentSource, Faulty } from './arguments.ts';
import { call, unnameIn } from './program.ts';
import { type Kind, makersOf, type ProgramState, usedBy } from './resources.ts';

/** The objects that may be made: no other is for block devices only. */
const OBJECTS = new Set(['throttle-group']);
/** Exports that the host's kernel would serve. */
const KERNEL_EXPORTS = new Set(['fuse', 'vduse-blk']);

/** Commands that change block devices, by name: those of the future too. */
const OF_BLOCK_DEVICES =
  /^(block|change|drive-|eject|job-|nbd-server-|object-|transaction$|x-block|x-debug-block)/;

/** The commands of a schema that arguments are made for. */
export function sourcedCommands({ commands }: Schema): string[] {
  return [...commands.values()]
    .filter(({ name, unchecked }) => !unchecked && OF_BLOCK_DEVICES.test(name))
    .map(({ name }) => name);
}

/** Percentages. */
const PLAUSIBLE = 60;
const AT_A_POINT = 50;
const USUAL = 85;
const NEW_SYMBOL = 80;

/** Sizes of disks between them would have bitmaps that fill a machine's memory. */
const TiB = 2n ** 40n;
const HUGE = 2n ** 62n;

/**
 * `schemas`: who describes the commands. Where several know one, each words it in its own way (introspection hides
 * the ranges of integers, the spec does not know what came later) and is drawn from alike.
 */
export function schemaSource(schemas: readonly Schema[], commands: readonly string[]): ArgumentSource {
  const wordings = new Map<string, readonly Wording[]>();
  for (const name of commands) {
    const known = schemas.flatMap((schema) => schema.commands.get(name) ?? []);
    wordings.set(
      name,
      known.map((command) => new Wording(command)),
    );
  }
  const wordingOf = (command: string, random: Random): Wording => random.pick(wordings.get(command)!);
  return {
    commands: [...wordings.keys()],
    valid: (command, programState, random) => wordingOf(command, random).valid(programState, random),
    extended: (command, args, programState, random) =>
      wordings.has(command) ? wordingOf(command, random).extended(args, programState, random) : args,
    invalid: (command, programState, random) => wordingOf(command, random).invalid(programState, random),
  };
}

/** A command as one schema has it. */
class Wording {
  readonly #command: Command;
  readonly #compiler: Compiler;
  /** Found when first needed: some commands have thousands. */
  #points: Points['all'] | undefined;

  constructor(command: Command) {
    this.#command = restricted(command);
    this.#compiler = new Compiler(command.name);
  }

  valid(programState: ProgramState, random: Random): JsonObject {
    const draw = drawFor(programState, random);
    const points = this.#allPoints;
    const args =
      points.length > 0 && random.chance(AT_A_POINT)
        ? random.pick(points).witness(draw)
        : this.#compiler.generatorOf(this.#command.arguments).generate(draw);
    return this.#finished({ ...this.#usual(random), ...(args as JsonObject) }, programState, random);
  }

  extended(args: JsonObject, programState: ProgramState, random: Random): JsonObject {
    const type = this.#command.arguments;
    const absent = branchOf(type, args).members.filter(
      ({ name, optional }) => optional && !Object.hasOwn(args, name),
    );
    if (absent.length === 0) return args;
    const member = random.pick(absent);
    const place = { member: member.name, nodeOptions: isNodeOptions(type) };
    const draw = drawFor(programState, random);
    draw.depth = 1;
    const more = { [member.name]: this.#compiler.generatorOf(member.type, place).generate(draw) };
    return { ...args, ...this.#finished(more, programState, random) };
  }

  invalid(programState: ProgramState, random: Random): Faulty {
    const fault = randomFault(this.#command, this.valid(programState, random), random);
    if (fault.arguments === null) return { wire: fault.wire };
    // A member that makes something may have got another name: then it makes nothing.
    return { arguments: withoutUnmade(this.#command.name, fault.arguments, programState) };
  }

  get #allPoints(): Points['all'] {
    this.#points ??= new Points(this.#command).all;
    return this.#points;
  }

  /** Names for members that make something, or nothing. */
  #usual(random: Random): JsonObject {
    const makers = makersOf(this.#command.name);
    const names = (effectsOf(this.#command.name).usual ?? []).filter((name) => Object.hasOwn(makers, name));
    return Object.fromEntries(names.filter(() => random.chance(USUAL)).map((name) => [name, 'x']));
  }

  #finished(args: JsonObject, programState: ProgramState, random: Random): JsonObject {
    const named = withNewSymbols(this.#command.name, bounded(args, 0), programState, random);
    return withoutUnmade(this.#command.name, named, programState);
  }
}

/** The command without enum values that go too far. */
function restricted(command: Command): Command {
  const { name, arguments: type } = command;
  const members = type.members.map((member): Member => {
    if (member.type.kind !== 'enum') return member;
    const { members: values } = member.type;
    const left = values.filter((value) =>
      name === 'object-add'
        ? member.name !== 'qom-type' || OBJECTS.has(value.name)
        : name !== 'block-export-add' || !KERNEL_EXPORTS.has(value.name),
    );
    return { ...member, type: { ...member.type, members: left } };
  });
  return { ...command, arguments: { ...type, members } };
}

function drawFor(programState: ProgramState, random: Random): Draw {
  return new Draw(random, liveIn(programState), random.chance(PLAUSIBLE));
}

/** What lives, by symbols; files are all that were made at some time. */
function liveIn(programState: ProgramState): Live {
  const named = (kind: Kind): string[] => programState.live(kind).map((symbol) => `$${symbol}`);
  return {
    dir: '@DIR@',
    nodes: named('node'),
    devices: named('device'),
    jobs: named('job'),
    bitmaps: named('bitmap'),
    files: named('file'),
    secrets: [],
    groups: named('group'),
    exports: named('export'),
    iothreads: named('iothread'),
  };
}

/** A copy in which nothing costs an endpoint its memory, or its life as documented. */
function bounded<T extends Json>(value: T, depth: number): T {
  if (Array.isArray(value)) return value.map((item) => bounded(item, depth)) as T;
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const [name, item] of Object.entries(value)) copy[name] = bounded(item, depth + 1);
  // A later node may stand on this one: what ends the endpoint as documented, when children differ, is left out.
  bound(copy, copy.driver !== undefined || depth > 0);
  if (copy.driver === 'quorum') delete copy.blkverify;
  const { size } = copy;
  if ((typeof size === 'number' || typeof size === 'bigint') && size > TiB && size < HUGE)
    copy.size = Number(TiB);
  return copy as T;
}

/** Members that make something mostly get a symbol of its kind that nothing has yet. */
function withNewSymbols(
  command: string,
  args: JsonObject,
  programState: ProgramState,
  random: Random,
): JsonObject {
  const { actions: member } = effectsOf(command);
  if (member === undefined) return renamed(args, makersOf(command));
  const actions = args[member];
  if (!Array.isArray(actions)) return args;
  return {
    ...args,
    [member]: actions.map((action) =>
      isJsonObject(action) && isJsonObject(action.data)
        ? { ...action, data: renamed(action.data, makersOf(String(action.type))) }
        : action,
    ),
  };

  function renamed<T extends Json>(value: T, makers: Readonly<Record<string, Kind>>): T {
    if (Array.isArray(value)) return value.map((item) => renamed(item, makers)) as T;
    if (!isJsonObject(value)) return value;
    const copy: JsonObject = {};
    for (const [name, item] of Object.entries(value)) {
      const makes = typeof item === 'string' && Object.hasOwn(makers, name) && random.chance(NEW_SYMBOL);
      copy[name] = makes ? `$${programState.fresh(makers[name]!)}` : renamed(item, makers);
    }
    return copy as T;
  }
}

/** What looks like a symbol, and nothing made it, becomes plain text. */
function withoutUnmade(command: string, args: JsonObject, programState: ProgramState): JsonObject {
  const unmade = new Set(usedBy(call(command, args)).filter((symbol) => !programState.isMade(symbol)));
  return unmade.size === 0 ? args : unnameIn(args, unmade);
}
