/** `nbd-server-start`: listens for NBD clients. */
import type { SocketAddress, SocketAddressLegacy } from '../../spec/generated/qmp.ts';
import type { Handler } from './handler.ts';

export const nbdServerStart: Handler<'nbd-server-start'> = async (args, { nbd }) => {
  await nbd.start(flat(args.addr), args['tls-creds']);
  return {};
};

/** The same address in the form that newer commands take. */
function flat(address: SocketAddressLegacy): SocketAddress {
  return { type: address.type, ...address.data } as SocketAddress;
}
