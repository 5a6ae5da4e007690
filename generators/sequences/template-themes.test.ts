/** The sequences that the fuzzer is for come up by themselves, often enough to be seen in a short campaign. */
import { expect, test } from 'vitest';
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { programs, SOURCED } from '../testing/generation-configs.ts';
import type { Call, Program, Step } from './program.ts';
import { symbolsIn } from './program.ts';

const PROGRAMS = 3000;
/** Parts of 100 of all programs that show a theme, at least. */
const LEAST = 1;

const STARTS =
  /^(block-stream|block-commit|(blockdev|drive)-(mirror|backup)|blockdev-create|x-blockdev-(amend|create))$/;
const MEDIA = /^(blockdev-(open-tray|close-tray|remove-medium|insert-medium|change-medium)|eject|change)$/;

const isCall = (step: Step): step is Call => step.kind === 'call';
const calls = (steps: readonly Step[], names: RegExp): Call[] =>
  steps.filter(isCall).filter(({ command }) => names.test(command));
const starts = (step: Step): boolean => isCall(step) && STARTS.test(step.command);

/** Whether after a step of the first kind one of the second comes. */
function follows(
  { steps }: Program,
  first: (step: Step) => boolean,
  second: (step: Step, before: Step) => boolean,
): boolean {
  return steps.some(
    (step, index) => first(step) && steps.slice(index + 1).some((later) => second(later, step)),
  );
}

/** Whether both name a symbol of this letter. */
function share(a: Step, b: Step, letter: string): boolean {
  if (!isCall(a) || !isCall(b)) return false;
  const named = symbolsIn(a.arguments).filter((symbol) => symbol.startsWith(letter));
  return symbolsIn(b.arguments).some((symbol) => named.includes(symbol));
}

function writes(step: Step): boolean {
  return (
    step.kind === 'write' || (isCall(step) && /qemu-io .*(write|discard)/.test(stringifyJson(step.arguments)))
  );
}

const isNamed =
  (names: RegExp) =>
  (step: Step): boolean =>
    isCall(step) && names.test(step.command);

function* numbers(value: Json): Iterable<number | bigint> {
  if (typeof value === 'number' || typeof value === 'bigint') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) yield* numbers(item);
}

function injects(args: JsonObject): boolean {
  const faults = args['inject-error'];
  return Array.isArray(faults) && faults.length > 0;
}

const THEMES: Readonly<Record<string, (program: Program) => boolean>> = {
  'data is written while a job runs': (program) =>
    follows(program, starts, writes) && follows(program, writes, (step) => !writes(step)),
  'several jobs on the same nodes': (program) =>
    follows(program, starts, (later, start) => starts(later) && share(later, start, 'n')),
  'jobs told what to do': (program) =>
    follows(program, starts, (later, start) => !starts(later) && share(later, start, 'j')),
  'transactions of several actions': ({ steps }) =>
    calls(steps, /^transaction$/).some(
      ({ arguments: { actions } }) => Array.isArray(actions) && actions.length > 1,
    ),
  'media change while a job runs': (program) => follows(program, starts, isNamed(MEDIA)),
  'throttle limits change under load': (program) =>
    follows(
      program,
      (step) => starts(step) || writes(step),
      (later) =>
        isNamed(/^(block_set_io_throttle|qom-set)$/)(later) ||
        (isNamed(/^(blockdev-reopen|object-(add|del))$/)(later) &&
          /throttle/.test(stringifyJson((later as Call).arguments))),
    ),
  'bitmaps under backup': (program) =>
    follows(
      program,
      isNamed(/^block-dirty-bitmap-add$/),
      (later, add) => isNamed(/-backup$/)(later) && share(later, add, 'n'),
    ),
  'injected errors in use': (program) =>
    follows(
      program,
      (step) => isCall(step) && step.command === 'blockdev-add' && injects(step.arguments),
      (later, add) => share(later, add, 'n'),
    ),
  'several monitors': ({ steps }) => new Set(steps.filter(isCall).map(({ monitor }) => monitor)).size > 1,
  'pipelined commands': ({ steps }) => steps.filter(isCall).some(({ pipelined }) => pipelined),
  'graph changes by x-blockdev-change': ({ steps }) => calls(steps, /^x-blockdev-change$/).length > 0,
  'image files are replaced': ({ steps }) => steps.some(({ kind }) => kind === 'overwrite'),
  'exports in use': (program) =>
    follows(
      program,
      isNamed(/^(nbd-server|block-export)-add$/),
      (later, add) =>
        (later.kind === 'write' && later.through.startsWith('$x')) ||
        (isCall(later) && share(later, add, 'n')),
    ),
  'integers at the edges of their types': ({ steps }) =>
    steps
      .filter(isCall)
      .some((step) =>
        [...numbers(step.arguments)].some(
          (value) => BigInt(Math.trunc(Number(value))) >= 2n ** 53n || Number(value) < 0,
        ),
      ),
  'faults in arguments, and damaged bytes': ({ steps }) => steps.some(({ kind }) => kind === 'raw'),
};

const made = programs(PROGRAMS, 'themes', SOURCED);

test.each(Object.entries(THEMES))('%s', (_, shows) => {
  const share100 = (100 * made.filter(shows).length) / made.length;
  expect(share100).toBeGreaterThanOrEqual(LEAST);
});
