/** Every point of a command's schema is tried at least once, and each two optional members together. */

import { Draw } from '../../../../generators/arbitraries/draw.ts';
import { Coverage, type CoverageRow } from '../../../../generators/points/coverage.ts';
import { Points } from '../../../../generators/points/points.ts';
import { Random } from '../../../../generators/random.ts';
import { branchesOf } from '../../../../generators/types/members.ts';
import type { JsonObject } from '../../../../spec/json.ts';
import type { Command, Schema } from '../../../../spec/model.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { Fixture } from './fixture.ts';
import { liveFor, offeredCommand, triedCommands } from './property-commands.ts';
import { foundByChecks, report } from './search.ts';
import { tryValid } from './valid.ts';

/** `told` gets the coverage of each case that came to its end. */
export function pointCases(schema: Schema, told?: (row: CoverageRow) => void): CaseDefinition[] {
  return triedCommands(schema)
    .filter(({ arguments: type }) => type.members.length > 0)
    .flatMap((command) => branchesOf(command.arguments).map(({ tag }) => pointCase(command, tag, told)));
}

function pointCase(command: Command, tag?: string, told?: (row: CoverageRow) => void): CaseDefinition {
  const { name } = command;
  const [part, which] = tag === undefined ? ['', ''] : [`${tag}-`, `, ${tag}`];
  return {
    id: `derived/properties/${name}-${part}points`,
    title: `${name} is tried at every point of its schema, and refused at none for its form${which}`,
    requirements: ['schema/valid-form-is-taken', 'schema/optional-members', 'schema/return-value'],
    needs: { commands: [name] },
    run: (t: CaseContext) => tryAllPoints(t, offeredCommand(t, command), tag, told),
  };
}

async function tryAllPoints(
  t: CaseContext,
  command: Command,
  tag?: string,
  told?: (row: CoverageRow) => void,
): Promise<void> {
  const fixture = await Fixture.make(t, command.name);
  const points = new Points(command);
  const coverage = new Coverage(points, tag);
  const live = liveFor(command, t, fixture);
  const random = new Random(t.seed);

  async function attempt(make: (draw: Draw) => JsonObject): Promise<void> {
    const args = make(new Draw(random, live(), true));
    const before = t.deviations.length;
    const found = await tryValid(t, fixture, points, args, (accepted) => coverage.saw(args, accepted));
    const problem = found ?? foundByChecks(t, before);
    if (problem === null) return;
    await fixture.clear();
    t.restartTranscript();
    await fixture.furnish();
    report(t, await tryValid(t, fixture, points, args), problem);
  }

  for (const { id, witness } of coverage.points) if (!coverage.isAccepted(id)) await attempt(witness);
  // Other values may be accepted, unless nothing of its branch ever is.
  for (const { id, within, witness } of coverage.points)
    if (!coverage.isAccepted(id) && (within === undefined || coverage.isAccepted(within)))
      await attempt(witness);
  for (const args of points.pairs(new Draw(random, live(), true), tag)) await attempt(() => args);
  const unreached = coverage.unreached();
  t.check(
    unreached.length === 0,
    `${command.name} must be tried at every point`,
    `not reached: ${unreached.join(', ')}`,
  );
  told?.(coverage.row());
  await fixture.clear();
  t.restartTranscript();
}
