/** `stop`: halts the guest. */
import type { Handler } from './handler.ts';

export const stop: Handler = (_args, { run }) => {
  run.stop();
  return {};
};
