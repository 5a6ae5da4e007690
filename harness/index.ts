/**
 * The package's entry for programs: a QMP client over any transport, typed against the schema, and the types.
 *
 *     import { connect, type QmpCommands } from 'qmpcheck';
 *     const client = await connect('unix:/run/vm/qmp.sock');
 *     await client.execute('blockdev-add', { driver: 'null-co', 'node-name': 'disk0', size: 1048576 });
 */
import { type ClientOptions, QmpClient } from './qmp/client.ts';
import { type TypedClient, typed } from './qmp/typed.ts';
import { parseAddress, type TransportOptions } from './transports/address.ts';

export type * from '../spec/generated/qmp.ts';
export type { Json, JsonObject } from '../spec/json.ts';
export { type ClientOptions, QmpClient, type RequestOptions } from './qmp/client.ts';
export { ClosedError, ProtocolError, QmpError, TimeoutError } from './qmp/errors.ts';
export type { QmpEvent, WaitOptions } from './qmp/event-queue.ts';
export {
  type Arguments,
  type CommandName,
  type EventName,
  type Returns,
  type TypedClient,
  typed,
} from './qmp/typed.ts';
export { AddressError, ConnectError } from './transports/address-kind.ts';

/**
 * Connects to an address as `--target` takes them (`unix:PATH`, `tcp:HOST:PORT` …), reads the greeting and negotiates.
 * Rejects with `AddressError`, `ConnectError`, or what `QmpClient.connect` rejects with.
 */
export async function connect(
  address: string,
  options: ClientOptions & TransportOptions = {},
): Promise<TypedClient> {
  const transport = await parseAddress(address, options).open({ signal: options.signal });
  return typed(await QmpClient.connect(transport, options));
}
