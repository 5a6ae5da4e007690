/** Whatever valid arguments a command gets, it never refuses them for their form; what was accepted can be undone. */
import { argumentsOf } from '../../../../generators/arbitraries/command-arguments.ts';
import { Points } from '../../../../generators/points/points.ts';
import { isJsonObject, type JsonObject } from '../../../../spec/json.ts';
import type { Command, Schema } from '../../../../spec/model.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { Fixture } from './fixture.ts';
import { liveFor, offeredCommand, triedCommands } from './property-commands.ts';
import { faultsForm } from './property-form.ts';
import { holds, type Problem } from './search.ts';

const RUNS = 20;
/** Unions have more to try. */
const RUNS_UNION = 100;

export function validCases(schema: Schema): CaseDefinition[] {
  return triedCommands(schema)
    .filter(({ arguments: type }) => type.members.length > 0)
    .map((command) => ({
      id: `derived/properties/${command.name}-valid`,
      title: `${command.name} never refuses valid arguments for their form`,
      requirements: [
        'schema/valid-form-is-taken',
        'schema/optional-members',
        'schema/return-value',
        'schema/event-data',
      ],
      needs: { commands: [command.name] },
      run: (t: CaseContext) => neverRefusedForForm(t, offeredCommand(t, command)),
    }));
}

async function neverRefusedForForm(t: CaseContext, command: Command): Promise<void> {
  const fixture = await Fixture.make(t, command.name);
  const points = new Points(command);
  await holds<JsonObject>(t, fixture, {
    arbitrary: argumentsOf(command, liveFor(command, t, fixture)),
    runs: command.arguments.tag === undefined ? RUNS : RUNS_UNION,
    attempt: (args) => tryValid(t, fixture, points, args),
  });
}

/** Sends valid arguments; what is wrong with the answer, null if nothing is. Leaves the fixture as it was. */
export async function tryValid(
  t: CaseContext,
  fixture: Fixture,
  points: Points,
  args: JsonObject,
  told?: (accepted: boolean) => void,
): Promise<Problem | null> {
  const { name } = points.command;
  const { error } = await t.request({ execute: name, arguments: args });
  told?.(error === undefined);
  if (error === undefined) return fixture.restore(name, args);
  const desc = isJsonObject(error) ? String(error.desc) : '';
  return faultsForm(desc, args, points)
    ? [`${name} must not refuse valid arguments for their form`, `it was refused: ${desc}`]
    : null;
}
