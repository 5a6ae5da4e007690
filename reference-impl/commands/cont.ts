/** `cont`: lets the guest run. */
import type { Handler } from './handler.ts';

export const cont: Handler<'cont'> = (_args, { run }) => {
  run.cont();
  return {};
};
