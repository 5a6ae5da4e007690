/** `query-name`: what `-name` calls the guest. */
import type { Handler } from './handler.ts';

export const queryName: Handler<'query-name'> = (_args, { guestName }) =>
  guestName === undefined ? {} : { name: guestName };
