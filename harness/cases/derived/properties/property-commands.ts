/** Which commands property cases try, and what their arguments may name. */
import { type Live, nothingLive } from '../../../../generators/types/live-names.ts';
import { effectsOf, mayStartJob } from '../../../../spec/effects/effects-of.ts';
import type { Command, Member, Schema } from '../../../../spec/model.ts';
import type { CaseContext } from '../../case.ts';
import type { Fixture } from './fixture.ts';

export function triedCommands(schema: Schema): Command[] {
  return [...schema.commands.values()].filter(
    ({ name, unchecked }) => !unchecked && effectsOf(name).disruptive === undefined,
  );
}

/** Where the schema tells the types of objects, those that can be made and deleted without harm to the rest. */
const HARMLESS_OBJECTS = new Set(['iothread', 'secret', 'throttle-group']);

/** The command as spec and endpoint both have it. */
export function offeredCommand(t: CaseContext, { name }: Command): Command {
  const command = t.schema.commands.get(name)!;
  const members = command.arguments.members.map((member): Member => {
    const { type } = member;
    if (member.name !== 'qom-type' || type.kind !== 'enum') return member;
    const values = type.members.filter((value) => HARMLESS_OBJECTS.has(value.name));
    return { ...member, type: { ...type, members: values } };
  });
  return { ...command, arguments: { ...command.arguments, members } };
}

/**
 * Jobs go on after their command has returned, and what writes images may write much: for such commands nothing lives,
 * so that they are refused for what they name.
 */
export function liveFor({ name, arguments: type }: Command, t: CaseContext, fixture: Fixture): () => Live {
  const wary =
    effectsOf(name).contents === 'image-made' ||
    mayStartJob(name) ||
    type.members.some((member) => member.name === 'job-id');
  return wary ? () => nothingLive(t.dir) : () => fixture.live;
}
