/** Whatever fault valid arguments get, the command refuses them with the right class, and changes nothing. */

import type { Fault } from '../../../../generators/invalid/fault.ts';
import { faultsOf } from '../../../../generators/invalid/invalid-arguments.ts';
import type { Json, JsonObject } from '../../../../spec/json.ts';
import type { Command, Schema } from '../../../../spec/model.ts';
import { validateArguments } from '../../../../spec/validate.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { problemOf } from '../faults.ts';
import { Fixture } from './fixture.ts';
import { liveFor, offeredCommand, triedCommands } from './property-commands.ts';
import { holds, type Problem } from './search.ts';

const RUNS = 20;
/** Unions have more to try. */
const RUNS_UNION = 100;

export function invalidCases(schema: Schema): CaseDefinition[] {
  return triedCommands(schema)
    .filter(({ name }) => name !== 'qmp_capabilities')
    .map((command) => ({
      id: `derived/properties/${command.name}-invalid`,
      title: `${command.name} refuses valid arguments with any one fault, and does nothing`,
      requirements: [
        'schema/member-missing',
        'schema/member-unknown',
        'schema/member-type',
        'schema/integer-form',
        'schema/integer-range',
        'schema/case-sensitive',
        'schema/refused-before-effects',
      ],
      needs: { commands: [command.name] },
      run: (t: CaseContext) => alwaysRefused(t, offeredCommand(t, command)),
    }));
}

async function alwaysRefused(t: CaseContext, command: Command): Promise<void> {
  const fixture = await Fixture.make(t);
  await holds<Fault>(t, fixture, {
    arbitrary: faultsOf(command, liveFor(command, t, fixture)),
    runs: command.arguments.tag === undefined ? RUNS : RUNS_UNION,
    attempt: (fault) => tryFault(t, fixture, command, fault),
  });
}

/** Sends a fault; what is wrong with the answer, null if nothing is. */
async function tryFault(
  t: CaseContext,
  fixture: Fixture,
  { name }: Command,
  fault: Fault,
): Promise<Problem | null> {
  const { arguments: args } = fault;
  if (args !== null && isAllowed(t, name, fault, args)) return null;
  const error = args === null ? await errorOfText(t, name, fault.wire) : await errorOfValue(t, name, args);
  if (error === undefined) await fixture.restore(name, args ?? fault.valid);
  return problemOf(fault, error);
}

/** The endpoint's own schema has what ours does not: drift, no fault. Ranges it does not tell. */
function isAllowed(t: CaseContext, name: string, { mutation }: Fault, args: JsonObject): boolean {
  if (mutation === 'out-of-range' || mutation === 'exclusive-members') return false;
  return validateArguments(t.endpointSchema, name, args).length === 0;
}

async function errorOfValue(t: CaseContext, execute: string, args: JsonObject): Promise<Json | undefined> {
  return (await t.request({ execute, arguments: args })).error;
}

/** The first error that came, undefined if there was none or anything succeeded. */
async function errorOfText(t: CaseContext, name: string, wire: string): Promise<Json | undefined> {
  const { messages } = await t.raw(`{"execute":${JSON.stringify(name)},"arguments":${wire}}\n`);
  if (messages.some((message) => Object.hasOwn(message, 'return'))) return undefined;
  return messages.find(({ error }) => error !== undefined)?.error;
}
