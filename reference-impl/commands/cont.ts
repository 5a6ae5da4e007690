/** `cont`: lets the guest run. */
import type { Handler } from './command.ts';

export const cont: Handler = (_args, { run }) => {
  run.cont();
  return {};
};
