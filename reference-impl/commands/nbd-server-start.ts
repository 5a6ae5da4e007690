/** `nbd-server-start`: listens for NBD clients. */
import type { SocketAddress, SocketAddressLegacy } from '../../spec/generated/qmp.ts';
import type { Handler } from './handler.ts';

export const nbdServerStart: Handler<'nbd-server-start'> = async (args, { nbd }) => {
  await nbd.start(flat(args.addr), args['tls-creds']);
  return {};
};

/** The same address in the form that newer commands take. */
function flat(address: SocketAddressLegacy): SocketAddress {
  switch (address.type) {
    case 'inet':
      return { type: 'inet', ...address.data };
    case 'unix':
      return { type: 'unix', ...address.data };
    case 'vsock':
      return { type: 'vsock', ...address.data };
    case 'fd':
      return { type: 'fd', ...address.data };
  }
}
