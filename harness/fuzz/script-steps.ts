/** The steps of a program as lines of a finding's script, which the functions of `script-functions.ts` run. */
import {
  type Call,
  concrete,
  isDataStep,
  type Program,
  type Step,
  type Write,
} from '../../generators/sequences/program.ts';
import type { Transcript } from '../../reports/record.ts';
import { shellWord } from '../../reports/text.ts';
import { isJsonObject, stringifyJson } from '../../spec/json.ts';
import { leavesOpen } from '../qmp/raw-exchange.ts';
import { messageOf } from './run-program.ts';

/** What is done between the steps, by those who judge. */
export interface StepHooks {
  /** Lines before the step of an index and all that are sent with it, and after their replies. */
  readonly before?: ReadonlyMap<number, readonly string[]>;
  readonly after?: ReadonlyMap<number, readonly string[]>;
  /** Lines instead of reading all contents, at the look of an index: 0 is that before the first step. */
  readonly looks?: ReadonlyMap<number, readonly string[]>;
}

/** Quoted for the shell, with the folder's name put in by it. */
export function inFolder(text: string): string {
  return shellWord(text).replaceAll('@DIR@', text === shellWord(text) ? '"$dir"' : `'"$dir"'`);
}

/** How many times the contents of all nodes are read: at the start, where the program says so, at the end. */
export function looksOf({ steps }: Program): number {
  const compares = steps.filter(({ kind }) => kind === 'compare').length;
  return steps.some(isDataStep) ? compares + 2 : 0;
}

/** Commands on jobs that are refused for as long as the job is not so far. */
const WAITS_FOR_JOB = new Set([
  'block-job-complete',
  'block-job-finalize',
  'block-job-dismiss',
  'job-complete',
  'job-finalize',
  'job-dismiss',
]);

/** `transcript`: how it went when the finding was made. */
export function stepLines(program: Program, transcript: Transcript | undefined, hooks: StepHooks): string[] {
  const lines: string[] = [];
  /** Steps whose replies nobody waited for yet. */
  let owed: { readonly step: Call; readonly index: number }[] = [];
  let looks = 0;
  const look = (): void => {
    lines.push(...(hooks.looks?.get(looks) ?? ['read_all']));
    looks += 1;
  };
  const hook = (which: 'before' | 'after', indexes: readonly number[]): void => {
    for (const index of indexes) lines.push(...(hooks[which]?.get(index) ?? []));
  };
  const settle = (): void => {
    for (const { step, index } of owed) {
      lines.push(`hear ${out(step)} ${index}`);
      const needed = succeeded(transcript, index);
      if (needed && WAITS_FOR_JOB.has(step.command))
        lines.push(`again ${into(step)} ${index} ${textOf(step, index)}`);
      lines.push(needed ? `keep ${index}; need` : `keep ${index}`);
    }
    if (owed.length > 0) lines.push('look');
    hook(
      'after',
      owed.map(({ index }) => index),
    );
    owed = [];
  };
  const sentWith = (first: number): number[] => {
    const group = [first];
    for (let index = first; isPipelined(program.steps[index]) && index + 1 < program.steps.length; )
      group.push(++index);
    return group;
  };
  if (looksOf(program) > 0) look();
  for (const [index, step] of program.steps.entries()) {
    if (step.kind === 'call') {
      if (owed.length === 0) {
        hook('before', sentWith(index));
        lines.push(': > "$aux/fresh"');
      }
      lines.push(`say ${into(step)} ${textOf(step, index)}`);
      owed.push({ step, index });
      if (!step.pipelined) settle();
      continue;
    }
    settle();
    if (step.kind === 'compare') look();
    else if (step.kind === 'raw') {
      hook('before', [index]);
      lines.push(rawLine(step.text, index));
      hook('after', [index]);
    } else lines.push(...otherLines(step));
  }
  settle();
  if (looksOf(program) > 0) lines.push('settle_jobs', ...(hooks.looks?.get(looks) ?? ['read_all']));
  return lines;
}

function isPipelined(step: Step | undefined): boolean {
  return step?.kind === 'call' && step.pipelined;
}

/** The descriptor that the monitor of a step is written to, and the one that it is read from. */
function into({ monitor }: Call): number {
  return 3 + 2 * monitor;
}
function out(step: Call): number {
  return into(step) + 1;
}

function textOf(step: Call, index: number): string {
  return inFolder(stringifyJson(messageOf(step, index, '@DIR@')));
}

function succeeded(transcript: Transcript | undefined, index: number): boolean {
  const { reply = null } =
    transcript?.steps.find(({ send = null }) => isJsonObject(send) && send.id === index) ?? {};
  return isJsonObject(reply) && Object.hasOwn(reply, 'return');
}

function rawLine(text: string, index: number): string {
  const sent = concrete(text.trimEnd(), '@DIR@');
  return `bytes ${index} ${inFolder(sent)}${leavesOpen(Buffer.from(sent)) ? ' reset' : ''}`;
}

function otherLines(step: Exclude<Step, Call | { kind: 'raw' | 'compare' }>): string[] {
  switch (step.kind) {
    case 'sleep':
      return [`sleep ${step.milliseconds / 1000}`];
    case 'wait':
      return [`await ${step.event}`];
    case 'overwrite': {
      const byte = step.byte.toString(8).padStart(3, '0');
      const file = step.file.slice(1);
      return [`[ ! -e ${file} ] || head -c ${step.size} /dev/zero | tr '\\000' '\\${byte}' > ${file}`];
    }
    case 'write':
      return writeLines(step);
  }
}

/** With qemu-io: through the program's own export, or one that is there for the moment. */
function writeLines({ through, offset, length, byte }: Write): string[] {
  const name = through.slice(1);
  const put = `put ${byte} ${offset} ${length}`;
  if (through.startsWith('$x')) return [`url="nbd+unix:///${name}?socket=$dir/nbd.sock"`, put];
  return ['open_server', `export_node ${name} true && { ${put}; hide_node; }`, 'close_server'];
}
