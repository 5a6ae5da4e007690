/** What storage may hold after a crash: what was written before it was flushed is there, of what came later anything may be. */
import type { Random } from '../../../generators/random.ts';
import { NbdCommand } from '../helpers/peers/nbd-numbers.ts';
import type { PeerRequest } from '../helpers/peers/nbd-peer.ts';

/** What storage holds, and how many requests had come. */
interface CrashState {
  readonly state: Buffer;
  readonly came: number;
}

/**
 * States that storage may be in when it stops in the middle of these requests, which found `start`: `count` of them at
 * random, and all in which one request got through alone.
 */
export function* crashStates(
  random: Random,
  start: Buffer,
  requests: readonly PeerRequest[],
  count: number,
): Generator<CrashState> {
  yield* randomStates(random, start, requests, count);
  yield* loneWrites(start, requests);
}

function* randomStates(
  random: Random,
  start: Buffer,
  requests: readonly PeerRequest[],
  count: number,
): Generator<CrashState> {
  const stops = Array.from({ length: count }, () => random.below(requests.length + 1)).toSorted(
    (a, b) => a - b,
  );
  const flushed = Buffer.from(start);
  let done = 0;
  for (const came of stops) {
    const last = requests.findLastIndex(({ type }, index) => index < came && type === NbdCommand.flush);
    for (; done <= last; done += 1) put(flushed, requests[done]!);
    const state = Buffer.from(flushed);
    for (const request of requests.slice(done, came)) if (random.chance(50)) put(state, request);
    yield { state, came };
  }
}

/**
 * The states in which of what came since the last flush only one request got through: what must not be there before others
 * is there alone.
 */
function* loneWrites(start: Buffer, requests: readonly PeerRequest[]): Generator<CrashState> {
  const flushed = Buffer.from(start);
  let pending: PeerRequest[] = [];
  for (const [index, request] of requests.entries()) {
    if (request.type === NbdCommand.flush) {
      for (const one of pending) put(flushed, one);
      pending = [];
    } else if (request.type !== NbdCommand.read) {
      pending.push(request);
      if (pending.length === 1) continue;
      const state = Buffer.from(flushed);
      put(state, request);
      yield { state, came: index + 1 };
    }
  }
}

function put(storage: Buffer, { type, data, offset, length }: PeerRequest): void {
  data?.copy(storage, offset);
  if (type === NbdCommand.trim) storage.fill(0, offset, offset + length);
}
