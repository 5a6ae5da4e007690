/**
 * What a command is to the monitor: a handler, and the error that it may throw.
 *
 * The monitor parses, negotiates and checks arguments (`monitor/`); a handler only does what its command says. A
 * command is one file in this folder and one line in `index.ts`. Handlers run one after another in the order in
 * which their requests came, whichever monitor they came from.
 */
import type { QmpCommands } from '../../spec/generated/qmp.ts';
import type { Json } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import type { DeviceRegistry } from '../devices/device-registry.ts';
import type { RunState } from '../devices/run-state.ts';
import type { NbdServer } from '../exports/nbd/nbd-export-server.ts';
import type { JobRegistry } from '../jobs/job-registry.ts';
import type { Services } from '../services/services.ts';

export { CommandError, type ErrorClass } from '../qapi/command-error.ts';

/** All that a handler may use of its endpoint. */
export interface CommandContext extends Services {
  readonly block: BlockLayer;
  readonly devices: DeviceRegistry;
  readonly jobs: JobRegistry;
  readonly nbd: NbdServer;
  readonly run: RunState;
  /** What this endpoint advertises: the spec's schema restricted to what is implemented. */
  readonly schema: Schema;
  /** Runs a line of the human monitor; gives what it prints, lines ended by `\r\n`. */
  humanLine(line: string): Promise<string>;
  /** Ends the endpoint with status 0, and tells so by an event, once the reply to the command in progress is out. */
  shutdown(): void;
}

/** What a monitor knows of the one client that it serves. */
export interface SessionState {
  /** Capabilities have been negotiated: commands are executed, events sent. */
  negotiated: boolean;
}

/**
 * Executes command `C`; the result is the value of `return`.
 *
 * `args` has passed the schema: members in the schema's order, optional ones absent if not given, tags of unions
 * filled in, integers as the declared type holds them (a uint64 given as −1 arrives as 2^64−1; beyond 2^53 they are
 * `bigint`). Throws `CommandError` for a refusal and must then have changed nothing.
 */
export type Handler<C extends keyof QmpCommands> = (
  args: QmpCommands[C]['arguments'],
  context: CommandContext,
  session: SessionState,
) => Json | Promise<Json>;

/** Handlers by the name of their command: the table of `index.ts`. */
export type Handlers = { readonly [C in keyof QmpCommands]?: Handler<C> };
