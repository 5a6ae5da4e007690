/**
 * Programs from a seed:
 *
 *   1. choose a ground and a few symbols of it to come back to;
 *   2. step by step choose a shape whose needs live, or arguments from the schema, valid or not, or raw bytes;
 *   3. let it run on another monitor, without waiting, or with time passing, once in a while;
 *   4. in some programs, put writes and comparisons of contents in between.
 */
import { stringifyJson } from '../../spec/json.ts';
import type { ArgumentSource } from './arguments.ts';
import { Deal } from './call-builder.ts';
import { SHAPES, type Shape } from './call-templates.ts';
import { dataStep, jobTale, MOST_TALE } from './data-scenarios.ts';
import { type Call, call, type Ground, type Program, type Step } from './program.ts';
import type { Random } from './random.ts';
import { isOfKind, Scene } from './resources.ts';
import { MAX_STEPS } from './validate.ts';

/** What programs may be made of. */
export interface World {
  readonly grounds: readonly Ground[];
  /** Commands that the endpoint offers. */
  readonly commands: ReadonlySet<string>;
  readonly source?: ArgumentSource;
  /** Part of the steps, from 0 to 1, whose arguments have a fault; without a source none have. */
  readonly invalid: number;
  /** Part of the other steps, from 0 to 1, that are damaged bytes. */
  readonly raw: number;
  /** Part of the programs, from 0 to 1, that write and compare contents; only where the endpoint lets one. */
  readonly data?: number;
}

/** Parts of 100 of the steps of programs that look at contents: that do, and where a tale begins. */
const TALES = 30;
export const DATA_STEPS = 35;

const EVENTS = ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'JOB_STATUS_CHANGE'];

/** Percentages of calls whose arguments come from the schema, and of shapes that get one member from it. */
const SOURCED = 10;
const EXTENDED = 8;

export function generate(world: World, random: Random): Program {
  const data = random.chance((world.data ?? 0) * 100);
  const ground = random.pick(data ? groundsWithFiles(world) : world.grounds);
  const scene = new Scene(ground);
  const length = 3 + random.below(random.chance(20) ? 30 : 12);
  const steps: Step[] = [];
  const focus = new Set<string>();
  for (let i = 0; i < length && steps.length + MOST_TALE < MAX_STEPS; i += 1) {
    for (const kind of ['node', 'job'] as const) {
      const live = scene.live(kind);
      if (live.length > 0 && (focus.size === 0 || random.chance(15))) focus.add(random.pick(live));
    }
    if (data && random.chance(TALES) && scene.has('node'))
      for (const step of jobTale(world.commands, scene, random)) {
        steps.push(step);
        scene.add(step);
      }
    const step =
      data && random.chance(DATA_STEPS) && scene.has('node')
        ? dataStep(scene, random, [...focus])
        : nextStep(world, scene, random, [...focus]);
    if (step === null) break;
    steps.push(step);
    scene.add(step);
  }
  return { ground: ground.name, steps };
}

/** Grounds whose nodes hold what is written to them; if there is none, all. */
function groundsWithFiles({ grounds }: World): readonly Ground[] {
  const some = grounds.filter(({ symbols }) => symbols.some((symbol) => isOfKind(symbol, 'file')));
  return some.length > 0 ? some : grounds;
}

/** A step that goes with what is there; null if the endpoint offers nothing that a shape knows. */
export function nextStep(
  world: World,
  scene: Scene,
  random: Random,
  focus: readonly string[] = [],
): Step | null {
  if (random.chance(3)) return { kind: 'sleep', milliseconds: random.pick([1, 5, 20]) };
  if (scene.made('job').length > 0 && random.chance(4)) return { kind: 'wait', event: random.pick(EVENTS) };
  const files = scene.made('file');
  if (files.length > 0 && random.chance(1))
    return {
      kind: 'overwrite',
      file: `$${random.pick(files)}`,
      size: random.pick([0, 512, 65536, 1048576]),
      byte: random.pick([0, 17, 255]),
    };
  const invalid = nextInvalid(world, scene, random);
  if (invalid !== null) return invalid;
  const made = nextCall(world, scene, random, focus);
  if (made === null || !random.chance(world.raw * 100)) return made;
  return { kind: 'raw', text: garbled(stringifyJson({ execute: made.command, id: 'raw' }), random) };
}

/** A call with one fault in its form, in the part of calls that is wanted; null for the rest. */
function nextInvalid(world: World, scene: Scene, random: Random): Step | null {
  const { source, invalid } = world;
  if (source === undefined || !random.chance(invalid * 100)) return null;
  const sourced = sourcedBy(source, world.commands);
  if (sourced.length === 0) return null;
  const command = random.pick(sourced);
  const faulty = source.invalid(command, scene, random);
  if ('arguments' in faulty) return somewhere(call(command, faulty.arguments), scene, random);
  return {
    kind: 'raw',
    text: `{"execute": ${JSON.stringify(command)}, "id": "raw", "arguments": ${faulty.wire}}\n`,
  };
}

function nextCall(
  { commands, source }: World,
  scene: Scene,
  random: Random,
  focus: readonly string[],
): Call | null {
  if (source !== undefined && random.chance(SOURCED)) {
    const sourced = sourcedBy(source, commands);
    const command = sourced.length > 0 ? random.pick(sourced) : null;
    if (command !== null)
      return somewhere(call(command, source.valid(command, scene, random)), scene, random);
  }
  const possible = shapesFor(commands).filter(({ needs }) => needs.every((kind) => scene.has(kind)));
  if (possible.length === 0) return null;
  const few = scene.live('node').length < 4;
  const { command, make } = random.weighted(possible, (candidate) => weightIn(candidate, few));
  const shaped = make(new Deal(random, scene, focus));
  const args =
    source !== undefined && random.chance(EXTENDED)
      ? source.extended(command, shaped, scene, random)
      : shaped;
  return somewhere(call(command, args), scene, random);
}

const sourcedCommands = new WeakMap<ReadonlySet<string>, readonly string[]>();

function sourcedBy(source: ArgumentSource, commands: ReadonlySet<string>): readonly string[] {
  let sourced = sourcedCommands.get(commands);
  if (sourced === undefined) {
    sourced = source.commands.filter((command) => commands.has(command));
    sourcedCommands.set(commands, sourced);
  }
  return sourced;
}

const offered = new WeakMap<ReadonlySet<string>, readonly Shape[]>();

function shapesFor(commands: ReadonlySet<string>): readonly Shape[] {
  let shapes = offered.get(commands);
  if (shapes === undefined) {
    shapes = SHAPES.filter(({ command }) => commands.has(command));
    offered.set(commands, shapes);
  }
  return shapes;
}

/** What acts on jobs is worth more while there are some, what makes nodes while there are few. */
function weightIn({ command, weight, needs }: Shape, fewNodes: boolean): number {
  if (needs.includes('job')) return weight * 2;
  if (command === 'blockdev-add') return fewNodes ? weight * 2 : weight / 2;
  return weight;
}

function somewhere(made: Call, { ground }: Scene, random: Random): Call {
  const monitor = ground.monitors > 1 && random.chance(12) ? 1 + random.below(ground.monitors - 1) : 0;
  return { ...made, monitor, pipelined: random.chance(6) };
}

/** JSON text with a few bytes wrong; a colon that comes to stand behind a word, as behind a protocol, goes. */
export function garbled(text: string, random: Random): string {
  let garbage = text;
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
    const at = random.below(garbage.length);
    const insert = random.pick([
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ' ',
      '\\',
      "'",
      '\u0001',
      '1e9',
      'null',
      '\n',
      '',
    ]);
    garbage = garbage.slice(0, at) + insert + garbage.slice(at + random.below(4));
  }
  return `${garbage.replace(/(?<!["\s]):/g, '')}\n`;
}
