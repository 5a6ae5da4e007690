/** One connection: greeting, negotiation, messages and their replies, in order. */
import { format, isObj, type Obj, type Value } from './json-text.ts';
import { MessageReader, type Received } from './message-reader.ts';
import { Refusal } from './refusal.ts';
import type { Vmm } from './vmm.ts';

const KEYS = new Set(['execute', 'arguments', 'id']);

export class Session {
  readonly #vmm: Vmm;
  readonly #write: (text: string) => void;
  readonly #reader = new MessageReader();
  #isOpen = false;
  readonly #listen = (event: Obj) => this.#send(event);

  constructor(vmm: Vmm, write: (text: string) => void) {
    this.#vmm = vmm;
    this.#write = write;
    for (const text of vmm.wire.ahead) this.#send(text);
    this.#send(vmm.wire.greeting);
  }

  received(bytes: Uint8Array): void {
    for (const [nth, message] of this.#reader.push(bytes).slice(0, this.#vmm.wire.mostPerRead).entries())
      this.#answer(message, nth);
  }

  /** The client has gone. */
  ended(): void {
    this.#vmm.listeners.delete(this.#listen);
  }

  #answer(received: Received, nth: number): void {
    const { wire } = this.#vmm;
    const message = 'value' in received && isObj(received.value) ? received.value : {};
    const reply = { ...this.#outcome(received, nth), ...(message.id !== undefined && { id: message.id }) };
    for (const sent of wire.send(reply, message)) this.#send(sent);
  }

  #outcome(received: Received, nth: number): Obj {
    try {
      return { return: this.#carryOut(received, nth) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { error: { class: error.errorClass, desc: error.message } };
    }
  }

  #carryOut(received: Received, nth: number): Value {
    if ('fault' in received) throw new Refusal(received.fault);
    const { value: message } = received;
    if (!isObj(message)) throw new Refusal('A message must be an object');
    const unknown = Object.keys(message).find((key) => !KEYS.has(key));
    if (unknown !== undefined) throw new Refusal(`A message has no member '${unknown}'`);
    const { execute: name, arguments: args = {} } = message;
    if (typeof name !== 'string') throw new Refusal("The member 'execute' must be a string");
    if (!isObj(args)) throw new Refusal("The member 'arguments' must be an object");
    const refusal = this.#vmm.wire.admit(message, nth);
    if (refusal !== null) throw refusal;
    return name === 'qmp_capabilities' ? this.#negotiate(args) : this.#execute(name, args);
  }

  #negotiate(args: Obj): Value {
    const { enable, ...rest } = args;
    if (this.#isOpen && !this.#vmm.wire.isOpenedTwice)
      throw new Refusal('Capabilities negotiation is already complete', 'CommandNotFound');
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined) throw new Refusal(`Parameter '${unknown}' is unexpected`);
    if (enable !== undefined && !(Array.isArray(enable) && enable.length === 0))
      throw new Refusal(`There is no capability to enable: ${format(enable)}`);
    this.#isOpen = true;
    this.#vmm.listeners.add(this.#listen);
    return {};
  }

  #execute(name: string, args: Obj): Value {
    const { commands, wire } = this.#vmm;
    if (!this.#isOpen && !wire.isOpenAtOnce)
      throw new Refusal("Expecting capabilities negotiation with 'qmp_capabilities'", 'CommandNotFound');
    const command = commands.get(name);
    if (command === undefined) throw new Refusal(`The command ${name} has not been found`, 'CommandNotFound');
    return this.#vmm.execute(command, args);
  }

  #send(what: Obj | string): void {
    this.#write(`${typeof what === 'string' ? what : format(what)}\r\n`);
  }
}
