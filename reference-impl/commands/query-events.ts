/** `query-events`: the names of the events that the endpoint advertises. */
import type { Handler } from './command.ts';

export const queryEvents: Handler = (_args, { schema }) =>
  [...schema.events.keys()].map((name) => ({ name }));
