/**
 * Programs from a seed:
 *
 *   1. choose a start state and a few symbols of it to come back to;
 *   2. step by step choose a template whose needs live, or arguments from the schema, valid or not, or raw bytes;
 *   3. let it run on another monitor, without waiting, or with time passing, once in a while;
 *   4. in some programs, put writes and comparisons of contents in between.
 */
import { stringifyJson } from '../../spec/json.ts';
import type { Random } from '../random.ts';
import type { ArgumentSource } from './arguments.ts';
import { CallBuilder } from './call-builder.ts';
import { CALL_TEMPLATES, type CallTemplate } from './call-templates.ts';
import { dataStep, jobDataScenario, LONGEST_SCENARIO } from './data-scenarios.ts';
import { type Call, call, type Program, type StartState, type Step } from './program.ts';
import { isOfKind, ProgramState } from './resources.ts';
import { MAX_STEPS } from './validate-program.ts';

/** What programs may be made of. */
export interface GenerationConfig {
  readonly startStates: readonly StartState[];
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

/** Parts of 100 of the steps of programs that look at contents: that do, and where a data scenario begins. */
const SCENARIOS = 30;
export const DATA_STEPS = 35;

const EVENTS = ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'JOB_STATUS_CHANGE'];

/** Percentages of calls whose arguments come from the schema, and of templates that get one member from it. */
const SOURCED = 10;
const EXTENDED = 8;

/**
 * Makes a valid program (`validate-program.ts`) of at most `MAX_STEPS` steps. Equal seeds and configurations give equal
 * programs.
 */
export function generate(config: GenerationConfig, random: Random): Program {
  const data = random.chance((config.data ?? 0) * 100);
  const startState = random.pick(data ? startStatesWithFiles(config) : config.startStates);
  const programState = new ProgramState(startState);
  const length = 3 + random.below(random.chance(20) ? 30 : 12);
  const steps: Step[] = [];
  const focus = new Set<string>();
  for (let i = 0; i < length && steps.length + LONGEST_SCENARIO < MAX_STEPS; i += 1) {
    for (const kind of ['node', 'job'] as const) {
      const live = programState.live(kind);
      if (live.length > 0 && (focus.size === 0 || random.chance(15))) focus.add(random.pick(live));
    }
    if (data && random.chance(SCENARIOS) && programState.has('node'))
      for (const step of jobDataScenario(config.commands, programState, random)) {
        steps.push(step);
        programState.add(step);
      }
    const step =
      data && random.chance(DATA_STEPS) && programState.has('node')
        ? dataStep(programState, random, [...focus])
        : nextStep(config, programState, random, [...focus]);
    if (step === null) break;
    steps.push(step);
    programState.add(step);
  }
  return { startState: startState.name, steps };
}

/** Start states whose nodes hold what is written to them; if there is none, all. */
function startStatesWithFiles({ startStates }: GenerationConfig): readonly StartState[] {
  const some = startStates.filter(({ symbols }) => symbols.some((symbol) => isOfKind(symbol, 'file')));
  return some.length > 0 ? some : startStates;
}

/** A step that goes with what is there; null if the endpoint offers nothing that a template knows. */
export function nextStep(
  config: GenerationConfig,
  programState: ProgramState,
  random: Random,
  focus: readonly string[] = [],
): Step | null {
  if (random.chance(3)) return { kind: 'sleep', milliseconds: random.pick([1, 5, 20]) };
  if (programState.made('job').length > 0 && random.chance(4))
    return { kind: 'wait', event: random.pick(EVENTS) };
  const files = programState.made('file');
  if (files.length > 0 && random.chance(1))
    return {
      kind: 'overwrite',
      file: `$${random.pick(files)}`,
      size: random.pick([0, 512, 65536, 1048576]),
      byte: random.pick([0, 17, 255]),
    };
  const invalid = nextInvalid(config, programState, random);
  if (invalid !== null) return invalid;
  const made = nextCall(config, programState, random, focus);
  if (made === null || !random.chance(config.raw * 100)) return made;
  return { kind: 'raw', text: garbled(stringifyJson({ execute: made.command, id: 'raw' }), random) };
}

/** A call with one fault in its form, in the part of calls that is wanted; null for the rest. */
function nextInvalid(config: GenerationConfig, programState: ProgramState, random: Random): Step | null {
  const { source, invalid } = config;
  if (source === undefined || !random.chance(invalid * 100)) return null;
  const sourced = sourcedBy(source, config.commands);
  if (sourced.length === 0) return null;
  const command = random.pick(sourced);
  const faulty = source.invalid(command, programState, random);
  if ('arguments' in faulty) return somewhere(call(command, faulty.arguments), programState, random);
  return {
    kind: 'raw',
    text: `{"execute": ${JSON.stringify(command)}, "id": "raw", "arguments": ${faulty.wire}}\n`,
  };
}

function nextCall(
  { commands, source }: GenerationConfig,
  programState: ProgramState,
  random: Random,
  focus: readonly string[],
): Call | null {
  if (source !== undefined && random.chance(SOURCED)) {
    const sourced = sourcedBy(source, commands);
    const command = sourced.length > 0 ? random.pick(sourced) : null;
    if (command !== null)
      return somewhere(call(command, source.valid(command, programState, random)), programState, random);
  }
  const possible = templatesFor(commands).filter(({ needs }) =>
    needs.every((kind) => programState.has(kind)),
  );
  if (possible.length === 0) return null;
  const few = programState.live('node').length < 4;
  const { command, make } = random.weighted(possible, (candidate) => weightIn(candidate, few));
  const filled = make(new CallBuilder(random, programState, focus));
  const args =
    source !== undefined && random.chance(EXTENDED)
      ? source.extended(command, filled, programState, random)
      : filled;
  return somewhere(call(command, args), programState, random);
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

const offered = new WeakMap<ReadonlySet<string>, readonly CallTemplate[]>();

function templatesFor(commands: ReadonlySet<string>): readonly CallTemplate[] {
  let templates = offered.get(commands);
  if (templates === undefined) {
    templates = CALL_TEMPLATES.filter(({ command }) => commands.has(command));
    offered.set(commands, templates);
  }
  return templates;
}

/** What acts on jobs is worth more while there are some, what makes nodes while there are few. */
function weightIn({ command, weight, needs }: CallTemplate, fewNodes: boolean): number {
  if (needs.includes('job')) return weight * 2;
  if (command === 'blockdev-add') return fewNodes ? weight * 2 : weight / 2;
  return weight;
}

function somewhere(made: Call, { startState }: ProgramState, random: Random): Call {
  const monitor =
    startState.monitors > 1 && random.chance(12) ? 1 + random.below(startState.monitors - 1) : 0;
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
