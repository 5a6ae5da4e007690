/** Saboteurs of the NBD server's life and of what monitors say. */
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import { between, inside, type Saboteur } from './saboteur.ts';

const SERVER = 'exports/nbd/nbd-export-server';

/** Characters that take two UTF-16 units as the replacement character, in strings of any depth. */
function withoutAstral(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '\ufffd');
  if (Array.isArray(value)) return value.map(withoutAstral);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutAstral(one!)]));
}

/** An enum of a schema without the last of its values. */
function shortened(info: Json): Json {
  if (!isJsonObject(info) || info['meta-type'] !== 'enum' || !Array.isArray(info.values)) return info;
  return { ...info, values: info.values.slice(0, -1) };
}

export const servers: readonly Saboteur[] = [
  inside(
    'exports/stop-goes-on-listening',
    'nbd-server-stop',
    'goes on listening where a server was that is stopped',
    SERVER,
    ['new Promise((resolve) => listener.close(() => resolve()))', 'Promise.resolve()'],
  ),
  inside(
    'exports/gone-clients-count',
    'nbd-server-remove',
    'takes an export for in use whose clients have all gone',
    'exports/nbd/transmission',
    ['this.#export.clients.delete(this);', ';'],
  ),
  inside(
    'exports/tls-in-the-clear',
    'nbd-server-start',
    'takes TLS credentials and serves in the clear',
    SERVER,
    ['{ listener, credentials, exports, sockets }', '{ listener, credentials: undefined, exports, sockets }'],
  ),
  between(
    'wire/astral-characters-lost',
    'protocol/ids',
    'gives characters beyond the Basic Multilingual Plane in ids back as replacement characters',
    () => ({
      outgoing: (message: JsonObject) => [
        'id' in message ? { ...message, id: withoutAstral(message.id!) } : message,
      ],
    }),
  ),
  between(
    'wire/schema-enums-short',
    'query-qmp-schema',
    'leaves the last value of each enum out of query-qmp-schema',
    () => ({
      outgoing: (message: JsonObject) => [
        Array.isArray(message.return) ? { ...message, return: message.return.map(shortened) } : message,
      ],
    }),
  ),
];
