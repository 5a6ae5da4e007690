/** `nbd-server-remove`: takes a node away from the clients of the NBD server. */
import type { Handler } from './handler.ts';

export const nbdServerRemove: Handler = async (args, { nbd }) => {
  await nbd.remove(args.name as string, args.mode === 'hard' ? 'hard' : 'safe');
  return {};
};
