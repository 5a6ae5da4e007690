/**
 * Data scenarios: runs of steps in which contents are at stake. Something is written, a job copies it and is ended in one of the
 * ways in which jobs end, and what is left is looked at.
 */
import { effectsOf } from '../../spec/effects/effects-of.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Random } from '../random.ts';
import { CallBuilder } from './call-builder.ts';
import { type Call, call, type DataStep, type Step, type Write } from './program.ts';
import type { ProgramState } from './resources.ts';
import { JOB_TEMPLATES } from './templates/jobs-templates.ts';

/** Steps of the longest data scenario. */
export const LONGEST_SCENARIO = 12;

const OFFSETS = [0, 512, 4096, 65536, 131072, 524288, 1048576 - 65536, 1048576 - 512];
const LENGTHS = [512, 512, 4096, 65536, 131072];

/** Sizes that nodes are resized to, in bytes. */
const SIZES = [3 * 65536, 2 ** 19, 2 ** 20, 2 ** 21];

/** A write or a comparison; the program state has a node. */
export function dataStep(
  programState: ProgramState,
  random: Random,
  focus: readonly string[] = [],
): DataStep {
  return random.chance(35) ? { kind: 'compare' } : write(programState, random, focus);
}

function write(programState: ProgramState, random: Random, focus: readonly string[]): Write {
  const through = new CallBuilder(random, programState, focus).use(
    programState.has('export') && random.chance(40) ? 'export' : 'node',
  );
  const [offset, length] = [random.pick(OFFSETS), random.pick(LENGTHS)];
  return { kind: 'write', through, offset, length, byte: 1 + random.below(255) };
}

/** Empty if the endpoint offers no such job; the program state has a node. */
export function jobDataScenario(
  commands: ReadonlySet<string>,
  programState: ProgramState,
  random: Random,
): Step[] {
  const templates = JOB_TEMPLATES.filter(({ command }) => copiesNodes(command) && commands.has(command));
  if (templates.length === 0) return [];
  const { command, make } = random.pick(templates);
  const begin = call(
    command,
    endingSoon(make(new CallBuilder(random, programState, programState.startState.symbols)), random),
  );
  const source = String(begin.arguments.device);
  const job = String(begin.arguments['job-id']);
  const steps: Step[] = [];
  const sometimes = (percent: number, step: () => Step): void => {
    if (random.chance(percent)) steps.push(step());
  };
  const writeSource = (): Write => ({ ...write(programState, random, []), through: source });
  sometimes(60, writeSource);
  sometimes(20, () => call('block_resize', { 'node-name': source, size: random.pick(SIZES) }));
  steps.push(begin);
  sometimes(50, writeSource);
  sometimes(15, () => call('block-job-pause', { device: job }));
  sometimes(15, () => ({ kind: 'compare' }));
  sometimes(15, () => call('block-job-resume', { device: job }));
  if ('speed' in begin.arguments) sometimes(70, () => call('block-job-set-speed', { device: job, speed: 0 }));
  steps.push(...ending(command, job, random), { kind: 'compare' });
  return steps.filter((step) => step.kind !== 'call' || commands.has(step.command));
}

/** Starts a job whose result can be looked at in nodes. */
function copiesNodes(command: string): boolean {
  const { contents, makes = [] } = effectsOf(command);
  return contents === 'job-started' && !makes.some(({ kind }) => kind === 'file');
}

function ending(command: string, job: string, random: Random): Step[] {
  const steps: Step[] = [];
  const verb = (name: string, args: JsonObject = {}): Call => call(name, { device: job, ...args });
  const { job: kind } = effectsOf(command);
  const mirrors = kind === 'mirror' || kind === 'commit';
  if (mirrors && random.chance(85)) steps.push({ kind: 'wait', event: 'BLOCK_JOB_READY' });
  if (mirrors && random.chance(60)) steps.push(verb('block-job-complete'));
  else if (random.chance(mirrors ? 80 : 15))
    steps.push(verb('block-job-cancel', random.chance(30) ? { force: true } : {}));
  steps.push({ kind: 'wait', event: 'BLOCK_JOB_COMPLETED' });
  return steps;
}

/** Most often the whole image, and at full speed or so slowly that there is time to write meanwhile. */
function endingSoon(args: JsonObject, random: Random): JsonObject {
  if (random.chance(15)) return args;
  const { speed: _speed, 'auto-finalize': _finalize, ...rest } = args;
  const whole = 'sync' in rest && random.chance(80) ? { ...rest, sync: 'full' } : rest;
  return random.chance(25) ? { ...whole, speed: random.pick([1, 65536]) } : whole;
}
