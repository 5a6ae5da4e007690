/** `system_reset`: resets the machine. Requests that wait for it to go on are given up, and what it was to let go of goes. */
import type { Handler } from './handler.ts';

export const systemReset: Handler<'system_reset'> = async (_args, context) => {
  context.emit('RESET', { guest: false });
  context.run.reset();
  await context.devices.reset();
  return {};
};
