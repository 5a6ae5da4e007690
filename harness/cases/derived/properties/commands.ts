/** Which commands property cases try, and what their arguments may name. */
import { type Live, nothingLive } from '../../../../generators/types/live.ts';
import type { Command, Schema } from '../../../../spec/model.ts';
import type { CaseContext } from '../../case.ts';
import { NOT_TRIED } from '../not-tried.ts';
import type { World } from './world.ts';

export function triedCommands(schema: Schema): Command[] {
  return [...schema.commands.values()].filter(({ name, unchecked }) => !unchecked && !NOT_TRIED.has(name));
}

/** The command as spec and endpoint both have it. */
export function offeredCommand(t: CaseContext, { name }: Command): Command {
  return t.schema.commands.get(name)!;
}

/**
 * Jobs go on after their command has returned, and what writes images may write much: for such commands nothing lives,
 * so that they are refused for what they name.
 */
export function liveFor({ name, arguments: type }: Command, t: CaseContext, world: World): () => Live {
  const wary =
    /^x-blockdev-create$|^transaction$/.test(name) || type.members.some((member) => member.name === 'job-id');
  return wary ? () => nothingLive(t.dir) : () => world.live;
}
