/**
 * The seam to the schema's generators: arguments for a command over the names that live in a program, and faults put
 * into arguments.
 */
import type { JsonObject } from '../../spec/json.ts';
import type { Random } from '../random.ts';
import type { ProgramState } from './resources.ts';

export interface ArgumentSource {
  /** Commands it can make arguments for. */
  readonly commands: readonly string[];
  /** Valid arguments in which what lives is named by symbols. */
  valid(command: string, programState: ProgramState, random: Random): JsonObject;
  /** The arguments with one optional member more, if there is one that they lack. */
  extended(command: string, args: JsonObject, programState: ProgramState, random: Random): JsonObject;
  /** Arguments that must be refused for their form. */
  invalid(command: string, programState: ProgramState, random: Random): Faulty;
}

/** Arguments with one fault: a value, or JSON text where no value of ours can say it (`1.0`, a member twice). */
export type Faulty = { readonly arguments: JsonObject } | { readonly wire: string };
