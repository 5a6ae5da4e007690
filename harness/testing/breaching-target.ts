/** For tests: a saboteur in front of a target's endpoints, who breaks the protocol in what passes. */
import { isUtf8 } from 'node:buffer';
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import type { Endpoint, Target } from '../targets/target.ts';
import type { Transport } from '../transports/transport.ts';

export interface Sabotage {
  /** What the client gets for a message of the endpoint, the `nth` of the connection: messages, or lines as they are. */
  outgoing?(message: JsonObject, nth: number): readonly (JsonObject | string)[];
  /** Of the messages that come in one packet, those that the endpoint gets, and what is answered in its place. */
  incoming?(messages: readonly JsonObject[]): {
    readonly pass: readonly JsonObject[];
    readonly answer?: Json[];
  };
}

/** `make` is called for each connection, so that a saboteur may count. */
export function breachingTarget(base: Target, make: () => Sabotage): Target {
  return {
    ...base,
    name: 'breaching',
    start: async (request) => {
      const endpoint = await base.start(request);
      return sabotaged(endpoint, make);
    },
  };
}

function sabotaged(endpoint: Endpoint, make: () => Sabotage): Endpoint {
  const open = endpoint.openMonitor.bind(endpoint);
  endpoint.openMonitor = async (index, signal) => breaching(await open(index, signal), make());
  return endpoint;
}

function breaching(inner: Transport, { outgoing, incoming }: Sabotage): Transport {
  let nth = 0;
  let rest = '';
  let toClient: (lines: readonly (Json | string)[]) => void = () => undefined;
  return {
    name: inner.name,
    open: (sink) => {
      toClient = (lines) => {
        const texts = lines.map((line) => (typeof line === 'string' ? line : stringifyJson(line)));
        if (texts.length > 0) sink.data(Buffer.from(texts.map((text) => `${text}\r\n`).join('')));
      };
      inner.open({
        data: (chunk) => {
          const lines = (rest + Buffer.from(chunk).toString('utf8')).split('\n');
          rest = lines.pop()!;
          for (const line of lines) {
            if (line.trim() === '') continue;
            nth += 1;
            const message = parseJson(line) as JsonObject;
            const sent = outgoing?.(message, nth) ?? [message];
            toClient(sent.map((one) => (one === message ? line.trim() : one)));
          }
        },
        closed: (error) => sink.closed(error),
      });
    },
    write: (bytes) => {
      const lines = linesIn(bytes);
      if (incoming === undefined || lines === null) return inner.write(bytes);
      const { pass, answer = [] } = incoming([...lines.keys()]);
      if (answer.length > 0) setImmediate(() => toClient(answer));
      if (pass.length === 0) return undefined;
      return inner.write(
        Buffer.from(pass.map((message) => `${lines.get(message) ?? stringifyJson(message)}\n`).join('')),
      );
    },
    end: () => inner.end(),
    close: () => inner.close(),
  };
}

/** Messages with their texts; null for bytes that are no lines of messages. */
function linesIn(bytes: Uint8Array): Map<JsonObject, string> | null {
  if (!isUtf8(bytes)) return null;
  const texts = Buffer.from(bytes).toString('utf8').split('\n');
  try {
    const lines = texts.filter(Boolean).map((text): [Json, string] => [parseJson(text), text]);
    const areMessages = lines.length > 0 && lines.every(([message]) => isJsonObject(message));
    return areMessages ? new Map(lines as [JsonObject, string][]) : null;
  } catch {
    return null;
  }
}
