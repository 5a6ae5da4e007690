/** `quit`: ends the endpoint, after the reply. */
import type { Handler } from './handler.ts';

export const quit: Handler<'quit'> = (_args, context) => {
  context.shutdown();
  return {};
};
