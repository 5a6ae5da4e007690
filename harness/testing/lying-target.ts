/** A target whose endpoints answer some commands with something else than the truth, and do not carry them out. */
import { isJsonObject, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import type { Endpoint, Target } from '../targets/target.ts';
import type { Transport, TransportSink } from '../transports/transport.ts';

/** A reply to be given instead of the endpoint's; null: the truth. */
export type Lie = (execute: string, args: JsonObject) => JsonObject | null;

export function lyingTarget(honest: Target, lie: Lie): Target {
  return {
    ...honest,
    async start(request) {
      const endpoint = await honest.start(request);
      const openMonitor = async (index: number) => lyingTransport(await endpoint.openMonitor(index), lie);
      return overriding<Endpoint>(endpoint, { openMonitor });
    },
  };
}

function lyingTransport(transport: Transport, lie: Lie): Transport {
  let sink: TransportSink | undefined;
  return overriding<Transport>(transport, {
    open(given) {
      sink = given;
      transport.open(given);
    },
    write(bytes) {
      const message = parsed(bytes);
      const answer = lie(String(message?.execute), isJsonObject(message?.arguments) ? message.arguments : {});
      if (answer === null) return transport.write(bytes);
      const reply = message?.id === undefined ? answer : { ...answer, id: message.id };
      setImmediate(() => sink?.data(Buffer.from(`${stringifyJson(reply)}\r\n`)));
      return undefined;
    },
  });
}

function parsed(bytes: Uint8Array): JsonObject | undefined {
  try {
    return parseJson(Buffer.from(bytes).toString()) as JsonObject;
  } catch {
    return undefined;
  }
}

/** An object of a class with private members, some of its methods replaced. */
function overriding<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
