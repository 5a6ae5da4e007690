/**
 * The commands of the reference. This table is what `query-commands` and `query-qmp-schema` advertise: to add a
 * command, write its file and add its line, in the order of the names.
 */
import type { Handler } from './command.ts';

export const commands = {} satisfies Record<string, Handler>;
