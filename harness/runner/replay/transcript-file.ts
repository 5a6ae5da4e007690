/**
 * A transcript as a file holds it: what our recorder writes (`reports/record.ts`) and what was observed on live
 * endpoints, which also has steps on the host, a guest's I/O ports, and what remains after the end.
 */
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../../spec/json.ts';
import type { RestartKind } from '../../targets/target.ts';

/** A transcript as it is read from a file, checked for its form. */
export interface TranscriptFile {
  readonly name: string;
  readonly argv: readonly string[];
  /** Commands for the host, a list of words each; words of `@write` are JSON. */
  readonly setup: readonly HostCommand[];
  /** False: the steps read the greeting and negotiate themselves. */
  readonly negotiate: boolean;
  readonly steps: readonly TranscriptFileStep[];
  readonly after: After;
  /** Set where the endpoint refused to start. */
  readonly start?: { readonly exit: number; readonly stderr: string };
  /** Exit status; negative for a signal. */
  readonly exit: number;
}

export type HostCommand = readonly [program: string, ...words: Json[]];

/** A step of it; what it lacks is not compared. */
export interface TranscriptFileStep {
  readonly send?: Json;
  readonly raw?: string;
  readonly 'raw-hex'?: string;
  /** Seconds of silence that end the reading after raw bytes. */
  readonly quiet?: number;
  readonly wait?: { readonly event: string; readonly data?: JsonObject; readonly timeout?: number };
  /** Seconds. */
  readonly timeout?: number;
  /** The event waited for was among those of the step before. */
  readonly already?: boolean;
  readonly 'timed-out'?: boolean;
  /** Seconds. */
  readonly sleep?: number;
  readonly restart?: RestartKind;
  readonly greeting?: boolean;
  readonly host?: HostCommand;
  readonly rc?: number;
  readonly stdout?: string;
  readonly qtest?: readonly string[];
  readonly 'qtest-reply'?: Json;
  readonly reply?: Json;
  readonly replies?: readonly Json[];
  readonly events?: readonly Json[];
  /** The endpoint closed the connection after the reply. */
  readonly eof?: boolean;
  readonly monitor?: number;
}

export interface After {
  readonly check: readonly { readonly cmd: HostCommand; readonly rc: number; readonly stdout?: string }[];
  /** SHA-256 of the guest's view of an image, by file name. */
  readonly content: Readonly<Record<string, string>>;
}

/** The file is no transcript. */
export class TranscriptError extends Error {
  override readonly name = 'ScenarioError';
}

const STEP_KINDS = [
  'send',
  'raw',
  'raw-hex',
  'wait',
  'sleep',
  'restart',
  'greeting',
  'host',
  'qtest',
] as const;

/** Reads a transcript. Throws `TranscriptError`. Members that replay does not look at are ignored. */
export function readTranscript(text: string): TranscriptFile {
  let value: Json;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new TranscriptError(`no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isJsonObject(value)) throw new TranscriptError('no transcript: not an object');
  const { name, argv = [], setup = [], negotiate = true, steps, after = {}, start, exit = 0 } = value;
  if (typeof name !== 'string') throw new TranscriptError('no transcript: name is missing');
  if (!Array.isArray(argv) || !argv.every((word) => typeof word === 'string'))
    throw new TranscriptError('argv: not a list of strings');
  if (!Array.isArray(setup)) throw new TranscriptError('setup: not a list');
  if (!Array.isArray(steps)) throw new TranscriptError('no transcript: steps is missing');
  if (!isJsonObject(after)) throw new TranscriptError('after: not an object');
  for (const [index, command] of setup.entries()) checkCommand(command, `setup[${index}]`);
  steps.forEach(checkStep);
  const { check = [], content = {} } = after;
  if (!Array.isArray(check) || !isJsonObject(content)) throw new TranscriptError('after: ill-formed');
  for (const [index, one] of check.entries())
    checkCommand(isJsonObject(one) ? one.cmd : undefined, `after.check[${index}]`);
  // The shape was checked as far as replay relies on it.
  return {
    name,
    argv,
    setup,
    negotiate,
    steps,
    after: { check, content },
    start,
    exit,
  } as unknown as TranscriptFile;
}

function checkStep(step: Json, index: number): void {
  const where = `steps[${index}]`;
  if (!isJsonObject(step)) throw new TranscriptError(`${where}: not an object`);
  const kinds = STEP_KINDS.filter((kind) => step[kind] !== undefined);
  if (kinds.length !== 1) throw new TranscriptError(`${where}: one of ${STEP_KINDS.join(', ')} is wanted`);
  if (step.host !== undefined) checkCommand(step.host, `${where}.host`);
  for (const key of ['replies', 'events', 'qtest'])
    if (step[key] !== undefined && !Array.isArray(step[key]))
      throw new TranscriptError(`${where}.${key}: not a list`);
  for (const key of ['raw', 'raw-hex'])
    if (step[key] !== undefined && typeof step[key] !== 'string')
      throw new TranscriptError(`${where}.${key}: not a string`);
  if (step.restart !== undefined && step.restart !== 'stop' && step.restart !== 'kill')
    throw new TranscriptError(`${where}.restart: neither stop nor kill`);
  if (step.wait !== undefined && !(isJsonObject(step.wait) && typeof step.wait.event === 'string'))
    throw new TranscriptError(`${where}.wait: no event is named`);
}

function checkCommand(command: Json | undefined, where: string): void {
  if (!Array.isArray(command) || typeof command[0] !== 'string')
    throw new TranscriptError(`${where}: not a command`);
}
