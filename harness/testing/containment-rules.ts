/**
 * Rules for what a program may name, written apart from those of `targets/containment.ts`, which everything passes on its
 * way: nothing but its scratch folder and loopback.
 */
import { posix } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Random } from '../../generators/random.ts';
import { CALL_TEMPLATES } from '../../generators/sequences/call-templates.ts';
import { type GenerationConfig, generate } from '../../generators/sequences/generate.ts';
import { mutate } from '../../generators/sequences/mutate.ts';
import type { Program } from '../../generators/sequences/program.ts';
import { schemaSource, sourcedCommands } from '../../generators/sequences/schema-source.ts';
import { SCHEMAS } from '../../generators/testing/test-schemas.ts';
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import { messageOf } from '../fuzz/run-program.ts';
import { startStatesFor } from '../fuzz/start-states.ts';
import { Channel } from '../qmp/channel.ts';
import { containRaw } from '../targets/containment.ts';
import { memoryTransport } from '../transports/memory.ts';

const everything = {
  guestDevices: true,
  drives: true,
  qtest: false,
  humanMonitor: true,
  owned: true,
  sharedFiles: true,
  monitors: 8,
  reconnects: true,
};
const schemas = [SCHEMAS[0]![1], SCHEMAS.at(-1)![1]];
const sourced = [...new Set(schemas.flatMap(sourcedCommands))];
const CONFIG: GenerationConfig = {
  startStates: startStatesFor({ capabilities: everything } as never),
  commands: new Set([...CALL_TEMPLATES.map(({ command }) => command), ...sourced]),
  source: schemaSource(schemas, sourced),
  invalid: 0.1,
  raw: 0.05,
};

const LOOPBACK = new Set(['127.0.0.1', '127.0.0.2', '::1', 'localhost']);
/** Strings with a colon that name no file, or one that is not there. */
const HARMLESS = /^(127\.0\.0\.1:1|::1|[a-z+]+:\/\/127\.0\.0\.1:1\/[\w-]*)$/;
const DESCRIPTORS = new Set(['fd', 'fdname', 'fdset-id', 'str', 'opaque']);
const OBJECTS = new Set(['throttle-group', 'iothread', 'secret', 'no-such-type', 'no-such-value', 'x', '']);
const FORBIDDEN = /^(quit|stop|cont|system_|device_|netdev_|migrate|chardev|getfd|add-fd|screendump)/;

/** What is wrong with a string that stands in this member; null if nothing is. */
function wrong(text: string, member: string, dir: string): string | null {
  if (text.startsWith('json:')) return wrongLine(text.slice(5), dir);
  if (member === 'host' || member === 'hostname') return LOOPBACK.has(text) ? null : 'a host';
  if (DESCRIPTORS.has(member)) return text.startsWith('no-such-') || text === 'x' ? null : 'a descriptor';
  if (member === 'qom-type') return OBJECTS.has(text) ? null : 'an object';
  if (member === 'execute') return FORBIDDEN.test(text) ? 'a command' : null;
  if (
    member === 'command-line' &&
    !/^(info \w+|qemu-io \S+ "(aio_)?(write|read|discard|flush)[^"]*")$/.test(text)
  )
    return 'a line of the human monitor';
  if (HARMLESS.test(text)) return null;
  if (text.includes('/')) {
    const path = posix.resolve(dir, text);
    return path === dir || path.startsWith(`${dir}/`) ? null : 'a path';
  }
  return /^[\w+.-]+:/.test(text) || text === '..' ? 'a protocol' : null;
}

/** True unless the object is a throttle group: others may only be asked to change what they do not have. */
function changesOther(args: Json | undefined): boolean {
  if (!isJsonObject(args)) return false;
  return (
    !/^g\d+$/.test(String(args.path)) && !['limits', 'x', '', undefined].includes(args.property as string)
  );
}

/** Asks for the list of objects: its path is none of the host. */
function looksAtObjects({ execute, arguments: args }: JsonObject): boolean {
  return execute === 'qom-list' && isJsonObject(args) && (args.path === '/' || args.path === '/objects');
}

/** What is wrong with anything in a value that stands in this member; null if nothing is. */
export function wrongIn(value: Json, member: string, dir: string): string | null {
  if (typeof value === 'string') {
    const fault = wrong(value, member, dir);
    return fault && `${fault}: ${member} ${value}`;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (isJsonObject(value) && value.execute === 'qom-set' && changesOther(value.arguments))
    return `an object: ${stringifyJson(value)}`;
  if (isJsonObject(value) && looksAtObjects(value)) return null;
  for (const [key, item] of Object.entries(value)) {
    const fault = wrongIn(item, Array.isArray(value) ? member : key, dir);
    if (fault !== null) return fault;
  }
  return null;
}

/** JSON as it arrives; of a text that is none every quoted string is judged. */
export function wrongLine(line: string, dir: string): string | null {
  let message: Json;
  try {
    message = parseJson(line);
  } catch {
    const quoted = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, text]) =>
      text!.replace(/\\(.)/gs, '$1'),
    );
    return quoted.map((text) => wrongIn(text, '', dir)).find((fault) => fault !== null) ?? null;
  }
  return wrongIn(message, '', dir);
}

function heldUp(line: string, dir: string): string | null {
  try {
    containRaw(line, { dir });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

export interface Judgment {
  /** What is wrong with lines that arrived, or would be held up on their way though nothing is. */
  readonly faults: readonly string[];
  /** Bytes. */
  readonly arrived: number;
  /** Bytes. */
  readonly sent: number;
  /** Lines, each counted once but for its id. */
  readonly lines: number;
}

/** Sends programs to a recording endpoint, the same each time, and judges what arrives. */
export async function judgePrograms(count: number): Promise<Judgment> {
  const dir = '/scratch/endpoint1';
  const judged = new Set<string>();
  const faults: string[] = [];
  /** Bytes. */
  let [arrived, sent] = [0, 0];
  const channel = new Channel(
    memoryTransport('recorder', () => ({
      write: (bytes) => {
        for (const line of Buffer.from(bytes).toString().split('\n')) {
          // The id tells pipelined calls apart and no more.
          const said = line.replace(/"id":\d+/, '');
          if (line === '' || judged.has(said)) continue;
          judged.add(said);
          const fault = wrongLine(line, dir);
          // And nothing of it is held up on its way in a campaign.
          const held = heldUp(line, dir);
          for (const why of [fault, held]) if (why !== null) faults.push(`${why}\nin ${line}`);
        }
        arrived += bytes.length;
      },
      end: () => undefined,
    })),
  );
  channel.open({ message: () => undefined, closed: () => undefined });
  let last: Program | null = null;
  for (let index = 0; index < count; index += 1) {
    const random = new Random(`contained/${index}`);
    // As in a campaign, some are mutants.
    const program: Program =
      last !== null && index % 4 === 0 ? mutate(last, last, CONFIG, random) : generate(CONFIG, random);
    for (const [at, step] of program.steps.entries()) {
      if (step.kind === 'raw') {
        channel.sendRaw(step.text);
        sent += Buffer.byteLength(step.text);
      } else if (step.kind === 'call') {
        sent += Buffer.byteLength(`${channel.send(messageOf(step, at, dir))}\n`);
      }
    }
    last = program;
    if (index % 500 === 0) await turn();
  }
  await turn();
  await turn();
  return { faults, arrived, sent, lines: judged.size };
}
