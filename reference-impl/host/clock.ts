/** The one source of time, and the real one. */

/** Time, in nanoseconds since the start of the endpoint. Real by default, advanced by hand in tests and replays. */
export interface Clock {
  now(): bigint;
  /** Wall clock in microseconds since the epoch, for event timestamps. */
  wall(): bigint;
  /** Calls back once after `ns`. The result cancels it. */
  after(ns: bigint, callback: () => void): () => void;
}

/** The longest that a timer of the host waits; longer waits are made of several. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's own time. */
export function realClock(): Clock {
  const start = process.hrtime.bigint();
  const now = () => process.hrtime.bigint() - start;
  const wallAtStart = BigInt(Date.now()) * 1000n;
  return {
    now,
    wall: () => wallAtStart + now() / 1000n,
    after(ns, callback) {
      const due = now() + ns;
      let timer: NodeJS.Timeout;
      const wait = () => {
        const left = due - now();
        if (left <= 0n) callback();
        else timer = setTimeout(wait, Math.min(Number(left / 1_000_000n) + 1, LONGEST_MS));
      };
      timer = setTimeout(wait, Math.min(Number(ns / 1_000_000n), LONGEST_MS));
      return () => clearTimeout(timer);
    },
  };
}
