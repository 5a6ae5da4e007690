/** `quit`: ends the endpoint, after the reply. */
import type { Handler } from './command.ts';

export const quit: Handler = (_args, context) => {
  context.shutdown();
  return {};
};
