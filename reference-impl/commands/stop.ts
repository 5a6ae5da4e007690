/** `stop`: halts the guest. */
import type { Handler } from './handler.ts';

export const stop: Handler<'stop'> = (_args, { run }) => {
  run.stop();
  return {};
};
