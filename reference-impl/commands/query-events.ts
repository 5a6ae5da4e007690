/** `query-events`: the names of the events that the endpoint advertises. */
import type { Handler } from './handler.ts';

export const queryEvents: Handler<'query-events'> = (_args, { schema }) =>
  [...schema.events.keys()].map((name) => ({ name }));
