/**
 * Which commands and events an endpoint has that does not describe them: those that it lists, else those that it does not
 * refuse as unknown. Only queries are sent, and commands in a form that does nothing to anybody.
 */

import { NOBODY } from '../../spec/effects/effects.ts';
import { harmlessArguments } from '../../spec/effects/effects-of.ts';
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { Query } from '../state/snapshot.ts';
import { isAnswer, NO_ANSWER, refusalOf, unlessGone } from './asking.ts';
import { isUnknownCommand, Undecided } from './undecided.ts';
import { type Refusal, UnknownName } from './unknown-name.ts';

/** Names from `query-commands` or `query-events`; null if it does not answer with any. */
export async function listed(
  execute: Query,
  command: 'query-commands' | 'query-events',
): Promise<string[] | null> {
  try {
    const list = await execute(command);
    if (!Array.isArray(list)) return null;
    const names = list.flatMap((entry) =>
      isJsonObject(entry) && typeof entry.name === 'string' ? [entry.name] : [],
    );
    return names.length === 0 ? null : [...new Set(names)];
  } catch (error) {
    if (isAnswer(error)) return null;
    throw error;
  }
}

/** What probing found. Commands that it could not decide are among `commands`. */
export interface ProbedCommands {
  readonly commands: readonly string[];
  readonly undecided: Undecided;
}

/** Tries each of `names`. Where the endpoint goes away over one, that and those after it are undecided. */
export async function probeCommands(execute: Query, names: Iterable<string>): Promise<ProbedCommands> {
  let isGone = false;
  const ask = async (name: string, args: JsonObject): Promise<Refusal | null> => {
    const answer = isGone
      ? null
      : await unlessGone(async () => ({ refusal: await refusalOf(execute, name, args) }));
    isGone = answer === null;
    return answer?.refusal ?? null;
  };
  const sample = await ask(NOBODY, {});
  const unknown = sample === null ? null : new UnknownName(sample);
  const isTelling = unknown?.isTelling(/command|method/i) === true;
  const offered: string[] = [];
  const open: string[] = [];
  for (const name of names) {
    const args = harmlessArguments(name);
    const refusal = args === null ? null : await ask(name, args);
    const isQuery = args !== null && Object.keys(args).length === 0;
    // Where every fault is refused with one text, only what needs no argument shows by it that it is missing. A query that
    // is not answered is of no use to anybody.
    const isAbsent =
      (isQuery && refusal === NO_ANSWER) ||
      (refusal !== null && isUnknownCommand(refusal, name, isTelling || isQuery ? unknown : null));
    if (!isAbsent) offered.push(name);
    const isAmbiguous =
      refusal === NO_ANSWER || (refusal !== null && unknown?.isAlike(refusal, name) === true);
    // An open session shows that there is a `qmp_capabilities`.
    if (!isAbsent && (args === null || isAmbiguous || isGone) && name !== 'qmp_capabilities') open.push(name);
  }
  return {
    commands: offered,
    undecided: new Undecided({ commands: open, unknownCommand: isTelling ? unknown : null }),
  };
}
