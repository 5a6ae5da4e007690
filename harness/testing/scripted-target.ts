/**
 * For tests: a target whose endpoints answer by a function, on an injected clock or in real time. It answers the
 * monitor's own commands itself, and advertises `commands` besides them.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import type { Endpoint, ExitInfo, StartError, StartRequest, Target } from '../targets/target.ts';
import { type MemoryClient, memoryTransport } from '../transports/memory.ts';

export interface Script {
  /** Commands that it advertises besides its own. */
  readonly commands?: readonly string[];
  readonly virtualTime?: boolean;
  /** Refuses to start with these options. */
  readonly refuse?: (options: readonly string[]) => StartError | null;
  /** What a command brings; a command without an answer is unknown. */
  readonly answer?: (message: JsonObject, monitor: ScriptedMonitor) => readonly Json[] | undefined;
  /** Bytes that are no JSON line. */
  readonly raw?: (text: string, monitor: ScriptedMonitor) => void;
}

export interface ScriptedMonitor {
  /** The scratch directory. */
  readonly dir: string;
  send(text: string): void;
  /** Sends after this much of the endpoint's time. */
  later(milliseconds: number, message: Json): void;
  hangUp(): void;
}

const OWN = ['qmp_capabilities', 'query-qmp-schema', 'quit'];
const GREETING = {
  QMP: { version: { qemu: { major: 0, minor: 0, micro: 0 }, package: '' }, capabilities: [] },
};

export function scriptedTarget(script: Script): Target & { readonly started: StartRequest[] } {
  const started: StartRequest[] = [];
  return {
    name: 'scripted',
    started,
    capabilities: {
      guestDevices: false,
      drives: false,
      qtest: false,
      humanMonitor: false,
      owned: true,
      sharedFiles: true,
      monitors: 1,
      reconnects: true,
    },
    unavailable: () => Promise.resolve(null),
    start: async (request) => {
      const refusal = script.refuse?.(request.topology.options);
      if (refusal) throw refusal;
      started.push(request);
      return new ScriptedEndpoint(script, request.scratch);
    },
  };
}

class ScriptedEndpoint implements Endpoint, ScriptedMonitor {
  readonly argv: readonly string[] = [];
  readonly dir: string;
  readonly virtualTime: boolean;
  readonly exited: Promise<ExitInfo>;
  running = true;
  readonly #script: Script;
  #client: MemoryClient | null = null;
  #timers: { due: number; readonly message: Json }[] = [];
  #end: (exit: ExitInfo) => void = () => undefined;

  constructor(script: Script, dir: string) {
    this.#script = script;
    this.dir = dir;
    this.virtualTime = script.virtualTime ?? true;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  openMonitor() {
    const transport = memoryTransport('scripted', (client) => {
      this.#client = client;
      this.send(stringifyJson(GREETING));
      return { write: (bytes) => this.#receive(Buffer.from(bytes).toString()), end: () => undefined };
    });
    return Promise.resolve(transport);
  }

  lastWords(): readonly string[] {
    return [];
  }

  async settle(milliseconds: number): Promise<void> {
    await turn();
    await turn();
    for (const timer of this.#timers) timer.due -= milliseconds;
    const due = this.#timers.filter((timer) => timer.due <= 0).toSorted((a, b) => a.due - b.due);
    this.#timers = this.#timers.filter((timer) => timer.due > 0);
    for (const timer of due) this.send(stringifyJson(timer.message));
    await turn();
  }

  stop(): Promise<ExitInfo> {
    this.#finish(null, 'SIGTERM');
    return this.exited;
  }

  send(text: string): void {
    this.#client?.data(Buffer.from(`${text}\r\n`));
  }

  later(milliseconds: number, message: Json): void {
    if (this.virtualTime) this.#timers.push({ due: milliseconds, message });
    else setTimeout(() => this.send(stringifyJson(message)), milliseconds);
  }

  hangUp(): void {
    this.#client?.end();
  }

  #receive(text: string): void {
    let message: Json;
    try {
      message = parseJson(text);
    } catch {
      this.#script.raw?.(text, this);
      return;
    }
    if (isJsonObject(message)) for (const reply of this.#answer(message)) this.send(stringifyJson(reply));
  }

  #answer(message: JsonObject): readonly Json[] {
    const name = String(message.execute);
    const scripted = this.#script.answer?.(message, this);
    if (scripted) return scripted;
    if (name === 'query-qmp-schema')
      return [{ ...idOf(message), return: introspection(this.#script.commands ?? []) }];
    if (name === 'quit') {
      this.#finish(0, null);
      return [{ return: {} }];
    }
    if (OWN.includes(name)) return [{ ...idOf(message), return: {} }];
    return [{ error: { class: 'CommandNotFound', desc: `The command ${name} has not been found` } }];
  }

  #finish(code: number | null, signal: string | null): void {
    this.running = false;
    this.hangUp();
    this.#end({ code, signal });
  }
}

function idOf(message: JsonObject): JsonObject {
  return message.id === undefined ? {} : { id: message.id };
}

function introspection(commands: readonly string[]): Json {
  return [
    { 'meta-type': 'object', name: '0', members: [] },
    ...[...OWN, ...commands].map((name) => ({
      'meta-type': 'command',
      name,
      'arg-type': '0',
      'ret-type': '0',
    })),
  ];
}
