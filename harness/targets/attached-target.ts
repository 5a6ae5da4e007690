/**
 * An address: an endpoint that somebody else started. It has no process that we can see, takes no options, and is
 * left running; a `listen:` address waits for it to call.
 */

import type { Listener } from '../transports/address.ts';
import { type Address, parseAddress, type TransportOptions } from '../transports/address.ts';
import { makeImages } from './make-images.ts';
import { realTime } from './shell-command.ts';
import { type Endpoint, type ExitInfo, StartError, type Target, UnsupportedTopology } from './target.ts';

/** Schemes whose other end is on this machine. */
const LOCAL = /^(listen:)?(unix|pts|pipe):|^(listen:)?\w+:(\/\/)?(localhost|127\.|\[::1\])/;

/** Attaches to what runs already. Throws `AddressError` for a text that is no address. */
export function addressTarget(text: string, options: TransportOptions = {}): Target {
  const address = parseAddress(text, options);
  return {
    name: text,
    capabilities: {
      guestDevices: false,
      drives: false,
      qtest: false,
      humanMonitor: false,
      owned: false,
      sharedFiles: LOCAL.test(text),
      monitors: 1,
      reconnects: !address.listening && !/^(pts|pipe):/.test(text),
    },
    unavailable: () => Promise.resolve(null),
    start: async ({ topology, scratch, dir = scratch, signal }) => {
      if (topology.options.length > 0) throw new UnsupportedTopology('an attached endpoint takes no options');
      await makeImages(topology.images, scratch);
      const listener = (await address.listen()) ?? null;
      return attached(address, listener, dir, signal);
    },
  };
}

function attached(address: Address, listener: Listener | null, dir: string, signal?: AbortSignal): Endpoint {
  let leave: (exit: ExitInfo) => void = () => undefined;
  const exited = new Promise<ExitInfo>((resolve) => {
    leave = resolve;
  });
  let running = true;
  return {
    argv: [address.text],
    dir,
    exited,
    get running() {
      return running;
    },
    openMonitor: async (index, limit = signal) => {
      if (index !== 0) throw new RangeError('an address is one monitor');
      try {
        return await (listener === null
          ? address.open({ signal: limit })
          : listener.accept({ signal: limit }));
      } catch (error) {
        throw new StartError((error as Error).message);
      }
    },
    lastWords: () => [],
    settle: realTime,
    stop: async () => {
      running = false;
      await listener?.close();
      leave({ code: null, signal: null });
      return exited;
    },
  };
}
