/** `nbd-server-remove`: takes a node away from the clients of the NBD server. */
import type { Handler } from './handler.ts';

export const nbdServerRemove: Handler<'nbd-server-remove'> = async (args, { nbd }) => {
  await nbd.remove(args.name, args.mode ?? 'safe');
  return {};
};
