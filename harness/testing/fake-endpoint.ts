/**
 * An endpoint in memory whose answers a test scripts: to show that a lie is caught, and the truth is not reported.
 * It has a process only in name: `die` ends it as a signal would.
 */
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import type { Endpoint, ExitInfo, Target, TargetCapabilities } from '../targets/target.ts';
import { memoryTransport } from '../transports/memory.ts';

export interface FakePort {
  /** What it was started with. */
  readonly options: readonly string[];
  /** Its scratch folder. */
  readonly dir: string;
  /** Sends an event on every monitor. */
  emit(event: string, data?: JsonObject): void;
  /** Ends the endpoint; nothing more is answered. */
  die(exit: ExitInfo): void;
}

export interface FakeOptions {
  /** The reply, without id; null: none ever comes. Default for what it does not know: CommandNotFound. */
  answer(command: string, args: JsonObject, port: FakePort): JsonObject | null | undefined;
  /** The reply to a line that is no JSON object. Default: a refusal. */
  malformed?(text: string, port: FakePort): JsonObject;
  /** What `query-qmp-schema` returns. Default: commands and events by name. */
  readonly commands?: readonly string[];
  readonly events?: readonly string[];
  readonly schema?: Json;
  readonly capabilities?: Partial<TargetCapabilities>;
  readonly lastWords?: readonly string[];
  /** It has ended, or was ended. */
  readonly ended?: (port: FakePort) => void;
  /** Waiting costs no real time. */
  readonly virtualTime?: boolean;
}

export interface FakeTarget extends Target {
  /** Commands that every endpoint started so far has received, in order, with negotiation and introspection. */
  readonly received: readonly JsonObject[];
  /** Endpoints started, and those not stopped yet. */
  readonly counts: { started: number; running: number };
}

const GREETING = {
  QMP: { version: { qemu: { major: 9, minor: 8, micro: 7 }, package: 'fake' }, capabilities: [] },
};
const BAD_SYNTAX = { error: { class: 'GenericError', desc: 'Invalid JSON syntax' } };
const STAMP = { seconds: 1, microseconds: 2 };

export function fakeTarget(options: FakeOptions): FakeTarget {
  const received: JsonObject[] = [];
  const counts = { started: 0, running: 0 };
  return {
    name: 'fake',
    received,
    counts,
    capabilities: {
      guestDevices: false,
      drives: false,
      qtest: false,
      humanMonitor: false,
      owned: true,
      sharedFiles: true,
      monitors: 4,
      reconnects: true,
      ...options.capabilities,
    },
    unavailable: () => Promise.resolve(null),
    start: async ({ scratch, topology }) => {
      counts.started += 1;
      counts.running += 1;
      return fakeEndpoint(options, topology.options, scratch, received, counts);
    },
  };
}

function fakeEndpoint(
  options: FakeOptions,
  started: readonly string[],
  dir: string,
  received: JsonObject[],
  counts: { running: number },
): Endpoint {
  const clients = new Set<{ data(bytes: Uint8Array): void; end(): void }>();
  let running = true;
  let leave: (exit: ExitInfo) => void = () => undefined;
  const exited = new Promise<ExitInfo>((resolve) => {
    leave = resolve;
  });
  const port: FakePort = {
    options: started,
    dir,
    emit: (event, data) => {
      const message = { timestamp: STAMP, event, ...(data && { data }) };
      for (const client of clients) client.data(line(message));
    },
    die: (exit) => {
      if (!running) return;
      running = false;
      counts.running -= 1;
      options.ended?.(port);
      leave(exit);
      for (const client of clients) client.end();
    },
  };

  function reply(message: JsonObject): JsonObject | null {
    const command = String(message.execute);
    received.push(message);
    if (command === 'qmp_capabilities') return { return: {} };
    if (command === 'query-qmp-schema') return { return: options.schema ?? plainSchema(options) };
    const args = isJsonObject(message.arguments) ? message.arguments : {};
    const answer = options.answer(command, args, port);
    return answer === undefined
      ? { error: { class: 'CommandNotFound', desc: `The command ${command} has not been found` } }
      : answer;
  }

  return {
    argv: [],
    dir,
    exited,
    virtualTime: options.virtualTime ?? false,
    get running() {
      return running;
    },
    openMonitor: async (index) =>
      memoryTransport(`fake monitor ${index}`, (client) => {
        clients.add(client);
        client.data(line(GREETING));
        return {
          write: (bytes) => {
            for (const text of Buffer.from(bytes).toString('utf8').split('\n')) {
              if (text.trim() === '' || !running) continue;
              const message = parsed(text);
              if (message === null) {
                client.data(line(options.malformed?.(text, port) ?? BAD_SYNTAX));
                continue;
              }
              const answer = reply(message);
              if (answer !== null && running)
                client.data(line(message.id === undefined ? answer : { ...answer, id: message.id }));
            }
          },
          end: () => clients.delete(client),
        };
      }),
    lastWords: () => options.lastWords ?? [],
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    stop: async () => {
      port.die({ code: 0, signal: null });
      return exited;
    },
  };
}

/** Null for what is no JSON object. */
function parsed(text: string): JsonObject | null {
  try {
    const message = parseJson(text);
    return isJsonObject(message) ? message : null;
  } catch {
    return null;
  }
}

function line(message: JsonObject): Uint8Array {
  return Buffer.from(`${stringifyJson(message)}\r\n`);
}

/** A schema in which commands take a path at most and may return anything. */
function plainSchema({ commands = [], events = [] }: FakeOptions): Json {
  const empty = { name: '0', 'meta-type': 'object', members: [] };
  const path = { name: 'path', type: 'any', default: null };
  const pathOnly = { name: '1', 'meta-type': 'object', members: [path] };
  const anything = { name: 'any', 'meta-type': 'builtin', 'json-type': 'value' };
  return [
    ...['query-qmp-schema', ...commands].map((name) => ({
      name,
      'meta-type': 'command',
      'arg-type': '1',
      'ret-type': 'any',
    })),
    ...events.map((name) => ({ name, 'meta-type': 'event', 'arg-type': '0' })),
    empty,
    pathOnly,
    anything,
  ];
}
