/**
 * Programs as text that a person can read and edit: a line a step.
 *
 *     ground disks
 *     blockdev-add {"driver": "null-co", "node-name": "$n3", "size": 65536}
 *     @1 query-block {}                   on the second monitor
 *     & block_resize {"node-name": …}     without waiting for its reply
 *     raw "{\"execute\": "                bytes as a JSON string
 *     sleep 20                            milliseconds
 *     wait BLOCK_JOB_READY
 *     overwrite $f0 65536 17              size in bytes, then the byte
 *     write $n1 65536 512 17              offset and length in bytes, then the byte, through the data plane
 *     compare                             all nodes are read and held to what they must contain
 *
 * Empty lines and lines that begin with `#` say nothing.
 */
import { isJsonObject, type Json, parseJson, stringifyJson } from '../../spec/json.ts';
import type { Program, Step } from './program.ts';

/** The text is no program; the message begins with the number of the line. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}

/**
 * The program's text, as in `program.txt` of a finding, ending with a newline. `decode` gives an equal program back.
 */
export function encode({ startState, steps }: Program): string {
  return `${[`ground ${startState}`, ...steps.map(encodeStep)].join('\n')}\n`;
}

export function encodeStep(step: Step): string {
  switch (step.kind) {
    case 'call': {
      const monitor = step.monitor === 0 ? '' : `@${step.monitor} `;
      return `${step.pipelined ? '& ' : ''}${monitor}${step.command} ${visible(stringifyJson(step.arguments))}`;
    }
    case 'raw':
      return `raw ${visible(JSON.stringify(step.text))}`;
    case 'sleep':
      return `sleep ${step.milliseconds}`;
    case 'wait':
      return `wait ${step.event}`;
    case 'overwrite':
      return `overwrite ${step.file} ${step.size} ${step.byte}`;
    case 'write':
      return `write ${step.through} ${step.offset} ${step.length} ${step.byte}`;
    case 'compare':
      return 'compare';
  }
}

/** JSON text in which what nobody sees, or what breaks lines in an editor, is escaped. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Mn}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Throws `ProgramError`. */
export function decode(text: string): Program {
  let startState: string | null = null;
  const steps: Step[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [word, rest] = halves(line);
    if (startState === null) {
      if (word !== 'ground' || rest === '') throw new ProgramError(`${index + 1}: 'ground NAME' comes first`);
      startState = rest;
    } else {
      const step = decodeStep(line);
      if (step === null) throw new ProgramError(`${index + 1}: not a step: ${line.slice(0, 80)}`);
      steps.push(step);
    }
  }
  if (startState === null) throw new ProgramError('1: empty');
  return { startState, steps };
}

function decodeStep(line: string): Step | null {
  const [word, rest] = halves(line);
  switch (word) {
    case 'raw': {
      const text = json(rest);
      return typeof text === 'string' ? { kind: 'raw', text } : null;
    }
    case 'sleep':
      return /^\d+$/.test(rest) ? { kind: 'sleep', milliseconds: Number(rest) } : null;
    case 'wait':
      return /^[A-Z_0-9]+$/.test(rest) ? { kind: 'wait', event: rest } : null;
    case 'overwrite': {
      const match = /^(\$f\d+) (\d+) (\d+)$/.exec(rest);
      return match && { kind: 'overwrite', file: match[1]!, size: Number(match[2]), byte: Number(match[3]) };
    }
    case 'write': {
      const match = /^(\$[nx]\d+) (\d+) (\d+) (\d+)$/.exec(rest);
      if (match === null) return null;
      const [offset, length, byte] = match.slice(2).map(Number) as [number, number, number];
      return { kind: 'write', through: match[1]!, offset, length, byte };
    }
    case 'compare':
      return rest === '' ? { kind: 'compare' } : null;
    default:
      return decodeCall(line);
  }
}

function decodeCall(line: string): Step | null {
  const match = /^(& )?(?:@(\d+) )?([\w-]+)(?: (.*))?$/s.exec(line);
  if (match === null) return null;
  const args = match[4] === undefined ? {} : json(match[4]);
  if (!isJsonObject(args)) return null;
  const [, pipelined, monitor, command] = match;
  return {
    kind: 'call',
    command: command!,
    arguments: args,
    monitor: Number(monitor ?? 0),
    pipelined: pipelined !== undefined,
  };
}

function halves(line: string): [string, string] {
  const space = line.indexOf(' ');
  return space === -1 ? [line, ''] : [line.slice(0, space), line.slice(space + 1).trim()];
}

function json(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
