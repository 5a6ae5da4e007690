/** The machine monitor: its commands, its nodes, and the seams at which mistakes are planted. */
import { checked, type Fields, type Strictness } from './argument-types.ts';
import type { Obj, Value } from './json-text.ts';
import { NodeTable } from './node-table.ts';
import type { Refusal } from './refusal.ts';

/** One command. */
export interface Command {
  readonly takes: Fields | ((given: Obj) => Fields);
  /** Throws a `Refusal`. */
  run(args: Obj): Value;
}

/** How messages are read and answered; correct as it stands. */
export interface Wire {
  greeting: Obj;
  /** Texts that a client gets before the greeting. */
  ahead: string[];
  /** Commands are carried out before `qmp_capabilities`. */
  isOpenAtOnce: boolean;
  /** `qmp_capabilities` is carried out any number of times. */
  isOpenedTwice: boolean;
  /** How many messages of one read are looked at. */
  mostPerRead: number;
  /** Why a message is not carried out; `nth`: its place among those of one read, from 0. */
  admit(message: Obj, nth: number): Refusal | null;
  /** What goes out for a reply. */
  send(reply: Obj, message: Obj): readonly (Obj | string)[];
}

const VERSION: Obj = { qemu: { major: 7n, minor: 2n, micro: 0n }, package: 'acme-vmm 3.1' };

export class Vmm {
  readonly nodes = new NodeTable();
  readonly commands = new Map<string, Command>();
  version = VERSION;
  strictness: Strictness = {};
  readonly wire: Wire = {
    greeting: { QMP: { version: VERSION, capabilities: [] } },
    ahead: [],
    isOpenAtOnce: false,
    isOpenedTwice: false,
    mostPerRead: Number.POSITIVE_INFINITY,
    admit: () => null,
    send: (reply) => [reply],
  };
  /** Who has negotiated, and gets events. */
  readonly listeners = new Set<(event: Obj) => void>();
  /** Ends the process, once all is sent. */
  readonly quit: () => void;

  constructor(quit: () => void) {
    this.quit = quit;
  }

  /** Throws a `Refusal`. */
  execute(command: Command, given: Obj): Value {
    const { takes } = command;
    return command.run(checked(given, typeof takes === 'function' ? takes(given) : takes, this.strictness));
  }

  emit(event: string, data: Obj): void {
    const now = Date.now();
    const timestamp = { seconds: BigInt(Math.floor(now / 1000)), microseconds: BigInt((now % 1000) * 1000) };
    for (const listen of this.listeners) listen({ event, data, timestamp });
  }

  /** Puts `instead` in the place of what a command does, which it is given. */
  replace(name: string, instead: (run: (args: Obj) => Value, args: Obj) => Value): void {
    const { takes, run } = this.commands.get(name)!;
    this.commands.set(name, { takes, run: (args) => instead(run, args) });
  }
}
