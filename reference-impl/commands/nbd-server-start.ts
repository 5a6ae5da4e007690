/** `nbd-server-start`: listens for NBD clients. */
import type { JsonObject } from '../../spec/json.ts';
import type { SocketAddress } from '../host/socket-address.ts';
import type { Handler } from './handler.ts';

export const nbdServerStart: Handler = async (args, { nbd }) => {
  const { type, data } = args.addr as { readonly type: string; readonly data: JsonObject };
  await nbd.start({ type, ...data } as unknown as SocketAddress, args['tls-creds'] as string | undefined);
  return {};
};
