/**
 * Raw bytes and what an endpoint says to them. One faulty line may bring no reply, one or several, so replies are
 * never counted. Behind the bytes goes a sync command with an id of its own, and everything up to its reply
 * answers the bytes.
 *
 * An unclosed bracket or quote would swallow the sync. Where the bytes leave one open, a byte that no JSON text
 * has (0xFF) goes before the sync: it resets the endpoint's parser, and the one error that it brings is left out.
 * Where that was foreseen wrongly, and the sync's reply does not come, the reset follows later.
 */
import type { JsonObject } from '../../spec/json.ts';
import type { Message } from './channel.ts';
import { TimeoutError } from './errors.ts';

/** What arrived for raw bytes, in order; events go to the event stream. */
export interface RawArrivals {
  readonly messages: readonly JsonObject[];
  /** Texts that were no JSON object. */
  readonly unparsable: readonly string[];
  /** The endpoint closed the connection. */
  readonly closed: boolean;
  /** The bytes were no complete message: the endpoint was still waiting for the rest. */
  readonly unfinished: boolean;
}

export interface RawOptions {
  /** Milliseconds for the whole exchange; what its size needs is added. Default: the client's. */
  readonly timeout?: number;
  /** Milliseconds to wait for the sync's reply until the parser is reset after all, a tenth after an answer. Default 1000. */
  readonly patience?: number;
  /** Resolves when nothing more comes unless something is sent: then the parser is reset at once. */
  readonly idle?: () => Promise<void>;
}

/** What a raw exchange needs of the client. */
export interface RawPort {
  send(bytes: Uint8Array): void;
  /** Resolves when the next command may be sent. */
  spaced(): Promise<void>;
  /** Gives all messages that are no event and no reply to a request in flight to `collector`, until called with null. */
  collect(collector: RawCollector | null): void;
  /** Calls back after `milliseconds`; the result cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
}

export interface RawCollector {
  message(message: Message): void;
  closed(): void;
}

const SYNC_PREFIX = 'qmpcheck-sync-';
const RESET = Buffer.from([0xff, 0x0a]);
/** Part of the patience in which a line is answered, or what follows an answer comes. */
const LINE_PART = 0.1;
let syncs = 0;

/**
 * Sends `pieces` exactly so, each in a write of its own. Rejects with `TimeoutError` if not even the sync commands
 * are answered.
 */
export function rawExchange(
  port: RawPort,
  pieces: readonly Uint8Array[],
  timeout: number,
  patience: number,
  idle: RawOptions['idle'],
): Promise<RawArrivals> {
  const bytes = Buffer.concat(pieces);
  const arrived: Message[] = [];
  const unfinished = leavesOpen(bytes);
  /** Ids of the syncs sent; there was a reset before each but the first, and before that if `unfinished`. */
  const sent: string[] = [];
  /** What had arrived when the first of them was answered. */
  let answers: Message[] | null = null;
  let over = false;

  function sync(prefix: Uint8Array): Uint8Array {
    const id = `${SYNC_PREFIX}${++syncs}`;
    sent.push(id);
    return Buffer.concat([prefix, Buffer.from(`{"execute":"query-version","id":"${id}"}\n`)]);
  }

  return new Promise((resolve, reject) => {
    const stop = () => {
      over = true;
      cancelPatience();
      cancelTimeout();
      port.collect(null);
    };
    const finish = (closed: boolean) => {
      stop();
      resolve(arrivalsOf(answers ?? arrived, closed, unfinished));
    };
    const cancelTimeout = port.after(timeout, () => {
      stop();
      reject(new TimeoutError(`the answer to ${bytes.length} raw bytes`, timeout));
    });
    const reset = () => {
      if (!over && sent.length === 1) port.send(sync(RESET));
    };
    let cancelPatience = port.after(patience, reset);
    port.collect({
      message: (message) => {
        const index = sent.indexOf(message.value?.id as string);
        if (index < 0) {
          arrived.push(message);
          cancelPatience();
          cancelPatience = port.after(patience * LINE_PART, reset);
          return;
        }
        answers ??= withoutResets(arrived, index + (unfinished ? 1 : 0));
        if (index === sent.length - 1) finish(false);
      },
      closed: () => finish(true),
    });
    const send = async () => {
      for (const [index, piece] of pieces.entries()) {
        if (index > 0) await new Promise(setImmediate);
        if (over) return;
        port.send(piece);
      }
      port.send(sync(unfinished ? RESET : Buffer.from('\n')));
      await idle?.();
      if (idle !== undefined) reset();
    };
    send().catch((error) => {
      stop();
      reject(error);
    });
  });
}

/** Part of the patience in which nothing more comes when all is answered. */
const QUIET_PART = 0.15;

/**
 * As `rawExchange`, for endpoints on which a sync command does not work: it sends line by line, each when the one before
 * is answered or stays unanswered, and takes for an end that nothing more comes. Never rejects for want of an answer.
 */
export async function quietExchange(
  port: RawPort,
  pieces: readonly Uint8Array[],
  _timeout: number,
  patience: number,
): Promise<RawArrivals> {
  const arrived: Message[] = [];
  const connection = { isClosed: false };
  let wake = (): void => undefined;
  port.collect({
    message: (message) => {
      arrived.push(message);
      wake();
    },
    closed: () => {
      connection.isClosed = true;
      wake();
    },
  });
  /** True if something came. */
  const something = (milliseconds: number): Promise<boolean> =>
    new Promise((resolve) => {
      const cancel = port.after(milliseconds, () => resolve(false));
      wake = () => {
        cancel();
        resolve(true);
      };
    });
  let ofReset = Number.POSITIVE_INFINITY;
  try {
    for (const line of pieces.flatMap(linesOf)) {
      if (connection.isClosed) break;
      await port.spaced();
      port.send(line);
      await something(patience * LINE_PART);
    }
    while (!connection.isClosed && (await something(patience * QUIET_PART)));
    ofReset = arrived.length;
    // Whether the parser waits for the end of something cannot be seen.
    if (!connection.isClosed) port.send(RESET);
    while (!connection.isClosed && (await something(patience * LINE_PART)));
  } finally {
    port.collect(null);
  }
  const own = arrived.filter((message, index) => index < ofReset || !isOfReset(message));
  return arrivalsOf(own, connection.isClosed, leavesOpen(Buffer.concat(pieces)));
}

function arrivalsOf(own: readonly Message[], closed: boolean, unfinished: boolean): RawArrivals {
  return {
    messages: own.flatMap(({ value }) => (value === undefined ? [] : [value])),
    unparsable: own.flatMap(({ value, text }) => (value === undefined ? [text] : [])),
    closed,
    unfinished,
  };
}

/** Each with its line end. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at);
    const next = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(at, next));
    at = next;
  }
  return lines;
}

/** `arrived` without the error that each of `resets` brought: the last ones, and they have no id. */
function withoutResets(arrived: readonly Message[], resets: number): Message[] {
  const own = [...arrived];
  for (let i = 0; i < resets; i++) {
    const last = own.at(-1);
    if (last !== undefined && isOfReset(last)) own.pop();
  }
  return own;
}

/** Whether it may be the answer to a reset: an error without an id. */
function isOfReset({ value }: Message): boolean {
  return value !== undefined && 'error' in value && (value.id ?? null) === null;
}

/** Whether a bracket or quote is open after `bytes`, read as leniently as QEMU reads: single quotes are quotes. */
export function leavesOpen(bytes: Uint8Array): boolean {
  let depth = 0;
  let quote = 0;
  let escaped = false;
  for (const byte of bytes) {
    if (escaped) escaped = false;
    else if (quote !== 0) {
      if (byte === 0x5c) escaped = true;
      else if (byte === quote) quote = 0;
    } else if (byte === 0x22 || byte === 0x27) quote = byte;
    else if (byte === 0x5b || byte === 0x7b) depth++;
    else if ((byte === 0x5d || byte === 0x7d) && depth > 0) depth--;
  }
  return depth > 0 || quote !== 0;
}
