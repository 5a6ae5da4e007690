/** The commands of QMP as the human monitor runs them. */
import type { Json } from '../../../spec/json.ts';
import type { CommandContext } from '../../commands/handler.ts';
import { commands } from '../../commands/index.ts';

type Name = keyof typeof commands;

/** Gives what the command returns. Arguments that are undefined are left out. Throws `CommandError`. */
export async function query(
  name: Name,
  context: CommandContext,
  args: Readonly<Record<string, unknown>> = {},
): Promise<Json> {
  const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
  return commands[name](given as never, context, { negotiated: true });
}

/** Runs a command whose result is not printed. Throws `CommandError`. */
export async function run(
  name: Name,
  context: CommandContext,
  args?: Readonly<Record<string, unknown>>,
): Promise<string> {
  await query(name, context, args);
  return '';
}
