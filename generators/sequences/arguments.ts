/**
 * The seam to the schema's generators: arguments for a command over the names that live in a program, and faults put
 * into arguments.
 */
import type { JsonObject } from '../../spec/json.ts';
import type { Random } from './random.ts';
import type { Scene } from './resources.ts';

export interface ArgumentSource {
  /** Commands it can make arguments for. */
  readonly commands: readonly string[];
  /** Valid arguments in which what lives is named by symbols. */
  valid(command: string, scene: Scene, random: Random): JsonObject;
  /** Arguments that must be refused for their form; null if it cannot make any. */
  invalid(command: string, scene: Scene, random: Random): JsonObject | null;
}
