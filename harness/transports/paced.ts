/** A transport that leaves time between two writes, for endpoints that cannot bear them faster. */
import type { Transport } from './transport.ts';

/** `interval`: milliseconds that lie between two writes at least; asked before each. Zero costs nothing. */
export function paced(transport: Transport, interval: () => number): Transport {
  let last: Promise<unknown> | null = null;
  let next = 0;
  const write = transport.write.bind(transport);
  transport.write = (bytes) => {
    if (last === null && interval() === 0) return write(bytes);
    const own = bytes.slice();
    const turn = (last ?? Promise.resolve()).then(async () => {
      const wait = next - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      next = performance.now() + interval();
      await write(own);
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return transport;
}
