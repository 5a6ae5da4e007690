/** A target whose endpoints answer one command with success, and never carry it out. */
import { isJsonObject, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import type { Endpoint, Target } from '../targets/target.ts';
import type { Transport, TransportSink } from '../transports/transport.ts';

export function deafTarget(target: Target, command: string): Target {
  return {
    ...target,
    start: async (request) => {
      const endpoint = await target.start(request);
      const openMonitor: Endpoint['openMonitor'] = async (index) =>
        deafTransport(await endpoint.openMonitor(index), command);
      return new Proxy(endpoint, {
        get(_, name) {
          const value: unknown = name === 'openMonitor' ? openMonitor : Reflect.get(endpoint, name, endpoint);
          return typeof value === 'function' ? value.bind(endpoint) : value;
        },
      });
    },
  };
}

function deafTransport(inner: Transport, command: string): Transport {
  let sink: TransportSink | undefined;
  return {
    name: inner.name,
    open: (given) => {
      sink = given;
      inner.open(given);
    },
    write: (bytes) => {
      const message = messageOf(bytes);
      if (message?.execute !== command) return inner.write(bytes);
      const reply = { return: {}, ...(message.id !== undefined && { id: message.id }) };
      setImmediate(() => sink?.data(Buffer.from(`${stringifyJson(reply)}\r\n`)));
      return undefined;
    },
    end: () => inner.end(),
    close: () => inner.close(),
  };
}

function messageOf(bytes: Uint8Array): JsonObject | null {
  try {
    const value = parseJson(Buffer.from(bytes).toString());
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
