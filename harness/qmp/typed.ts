/**
 * A client whose commands are those of the schema: a wrong name, member or value does not compile. The types say what
 * the spec says; an endpoint of another version may refuse what they allow, or return more.
 */
import type { QmpCommands, QmpEvents } from '../../spec/generated/qmp.ts';
import type { QmpClient, RequestOptions } from './client.ts';
import type { QmpEvent, WaitOptions } from './event-queue.ts';

export type CommandName = keyof QmpCommands;
export type EventName = keyof QmpEvents;

/** The arguments that a command takes. */
export type Arguments<C extends CommandName> = QmpCommands[C]['arguments'];

/** What a command returns. */
export type Returns<C extends CommandName> = QmpCommands[C]['returns'];

/** Arguments may be left out where none is required. */
type TypedCall<A> =
  Record<string, never> extends A
    ? [args?: A, options?: RequestOptions]
    : [args: A, options?: RequestOptions];

/** A client whose commands and events are those of the spec. */
export interface TypedClient extends Omit<QmpClient, 'execute' | 'waitEvent'> {
  /** As `QmpClient.execute`. */
  execute<C extends CommandName>(command: C, ...call: TypedCall<Arguments<C>>): Promise<Returns<C>>;
  /** As `QmpClient.waitEvent`, for an event of the schema. */
  waitEvent<E extends EventName>(
    event: E,
    options?: WaitOptions,
  ): Promise<Omit<QmpEvent, 'data'> & { readonly data: QmpEvents[E] }>;
}

/** The same client, seen through the schema's types. */
export function typed(client: QmpClient): TypedClient {
  return client as unknown as TypedClient;
}
