/**
 * One parsed message to one reply: envelope, negotiation, arguments, the command itself, when the main loop lets it run.
 */
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Command, Schema } from '../../spec/model.ts';
import type { CommandContext, Handlers, SessionState } from '../commands/handler.ts';
import type { MainLoop } from '../jobs/main-loop.ts';
import { checkArguments } from '../qapi/check-arguments.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Message } from '../qapi/json/json-parser.ts';
import { isWireObject, toJson, type Wire, type WireObject } from '../qapi/json/wire-value.ts';
import { inQDictOrder } from '../qapi/qdict-order.ts';
import type { Outgoing } from '../qapi/serialize.ts';

/** The handler of any command: what it takes for its arguments is the schema's to say. */
type AnyHandler = (args: never, context: CommandContext, session: SessionState) => Json | Promise<Json>;

export type Reply = { readonly [member: string]: Outgoing };

const TO_THE_END: readonly unknown[] = ['qmp_capabilities', 'quit'];
const NO_ARGUMENTS: WireObject = {};

/** Executes messages of all monitors. */
export class Dispatcher {
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  readonly #context: CommandContext;
  readonly #inputs: Schema;
  readonly #loop: MainLoop;

  /** `inputs`: what arguments are checked against, which may be more than is advertised. */
  constructor(handlers: Handlers, context: CommandContext, inputs: Schema, loop: MainLoop) {
    this.#handlers = new Map(Object.entries(handlers));
    this.#context = context;
    this.#inputs = inputs;
    this.#loop = loop;
  }

  /** The reply to a message. Never throws or rejects. */
  answer(message: Message, session: SessionState): Reply | Promise<Reply> {
    if ('fault' in message) return failure(new CommandError(message.fault), undefined);
    const request = message.value;
    const id = idOf(request);
    try {
      const result = this.#execute(request, session);
      if (!(result instanceof Promise)) return success(result, id);
      return result.then(
        (value) => success(value, id),
        (error: unknown) => this.#refusal(error, id),
      );
    } catch (error) {
      return this.#refusal(error, id);
    }
  }

  /** Tells of messages whose turn is yet to come: commands that are in progress shall not put off the endpoint's end for long. */
  foresee(messages: readonly Message[], session: SessionState): void {
    let { negotiated } = session;
    for (const message of messages) {
      const name = 'value' in message ? this.#nameOfSound(message.value, { negotiated }) : undefined;
      negotiated ||= name === 'qmp_capabilities';
      if (name === 'quit') this.#context.hostWork.end();
    }
  }

  /** Of a command on the way to the endpoint's end that will not be refused. */
  #nameOfSound(request: Wire, session: SessionState): string | undefined {
    if (!isWireObject(request) || !TO_THE_END.includes(request.execute)) return undefined;
    try {
      return this.#prepare(request, session).name;
    } catch {
      return undefined;
    }
  }

  #execute(request: Wire, session: SessionState): Json | Promise<Json> {
    const { name, run } = this.#prepare(request, session);
    if (name === 'quit') this.#context.hostWork.end();
    return this.#loop.execute(run);
  }

  /** What executes a command. Throws `CommandError`. */
  #prepare(request: Wire, session: SessionState): { name: string; run: () => Json | Promise<Json> } {
    const { name, args } = parseEnvelope(request);
    if (!session.negotiated && name !== 'qmp_capabilities')
      throw new CommandError("Expecting capabilities negotiation with 'qmp_capabilities'", 'CommandNotFound');
    const handler = this.#handlers.get(name);
    const command = this.#inputs.commands.get(name);
    if (handler === undefined || command === undefined)
      throw new CommandError(`The command ${name} has not been found`, 'CommandNotFound');
    // What has passed the schema is what the types that are generated from it say: nobody else has to take that on trust.
    const checked = checkedArguments(command, args) as never;
    return { name, run: () => handler(checked, this.#context, session) };
  }

  #refusal(error: unknown, id: Wire | undefined): Reply {
    if (error instanceof CommandError) return failure(error, id);
    this.#context.log(`internal error: ${error instanceof Error ? error.stack : String(error)}`);
    return failure(new CommandError('An internal error has occurred'), id);
  }
}

function checkedArguments(command: Command, args: WireObject): JsonObject {
  return command.unchecked ? (toJson(args) as JsonObject) : checkArguments(command.arguments, args);
}

/** Looks at the members in the order in which the observed endpoint keeps them, and tells the first fault. */
function parseEnvelope(request: Wire): { name: string; args: WireObject } {
  if (!isWireObject(request)) throw new CommandError('QMP input must be a JSON object');
  let name: string | undefined;
  let args = NO_ARGUMENTS;
  for (const key of inQDictOrder(Object.keys(request))) {
    const value = request[key]!;
    if (key === 'execute') {
      if (typeof value !== 'string') throw new CommandError("QMP input member 'execute' must be a string");
      name = value;
    } else if (key === 'arguments') {
      if (!isWireObject(value)) throw new CommandError("QMP input member 'arguments' must be an object");
      args = value;
    } else if (key !== 'id') {
      throw new CommandError(`QMP input member '${key}' is unexpected`);
    }
  }
  if (name === undefined) throw new CommandError("QMP input lacks member 'execute'");
  return { name, args };
}

function success(value: Json, id: Wire | undefined): Reply {
  return id === undefined ? { return: value } : { return: value, id };
}

/** The reply to a message that is refused with this error, whatever it says. */
export function refusalOf(message: Message, error: { readonly class: string; readonly desc: string }): Reply {
  const id = 'value' in message ? idOf(message.value) : undefined;
  return failure({ errorClass: error.class, message: error.desc }, id);
}

function failure(
  { errorClass, message }: { readonly errorClass: string; readonly message: string },
  id: Wire | undefined,
): Reply {
  const error = { class: errorClass, desc: message };
  return id === undefined ? { error } : { error, id };
}

function idOf(request: Wire): Wire | undefined {
  return isWireObject(request) ? request.id : undefined;
}
