/** `query-commands`: the names of the commands that the endpoint advertises. */
import type { Handler } from './handler.ts';

export const queryCommands: Handler<'query-commands'> = (_args, { schema }) =>
  [...schema.commands.keys()].map((name) => ({ name }));
