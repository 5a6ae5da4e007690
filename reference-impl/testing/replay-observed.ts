/**
 * Replays an observed transcript on a reference in this process and compares, member by member.
 *
 * Independent of the harness's replay on purpose, and smaller: it knows the steps that the transcripts of `testdata/`
 * have. Time passes as it did for the recorder: 25 ms after each step, and as long as a `sleep` says.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import { startReference } from '../start-reference.ts';
import { run, startServer, stopServer } from './external-programs.ts';
import { ManualClock } from './test-services.ts';

export interface Transcript {
  readonly argv: readonly string[];
  readonly setup: readonly Json[][];
  readonly negotiate?: boolean;
  readonly steps: readonly JsonObject[];
}

/** One answer of the endpoint in the form of a transcript's `replies` and `events`, and what the transcript has. */
export interface StepResult {
  readonly step: string;
  readonly got: Json;
  readonly expected: Json;
}

const SETTLE_MS = 25;
const WAIT_MS = 8_000;

/** Commands of a setup that leave files and nothing else. */
const LEAVES_FILES = /^(qemu-img|qemu-io|@write|@text|@zbytes)$/;

/**
 * Replays transcripts one after another, all in the same folder: images name one another by their paths, so what a
 * setup leaves can be kept for the other transcripts that have the same.
 */
export class ObservedReplays {
  readonly #root = mkdtempSync(join(tmpdir(), 'qmpcheck-observed-'));
  /** Copies of the folder, by the setup. */
  readonly #kept = new Map<string, string>();

  /** The result has an entry a step. */
  async replay(transcript: Transcript): Promise<StepResult[]> {
    const folder = join(this.#root, 'work');
    const host = new Host();
    try {
      await this.#setUp(transcript.setup, folder, host);
      return await replayIn(folder, transcript, host);
    } finally {
      await host.end();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #setUp(setup: Transcript['setup'], folder: string, host: Host): Promise<void> {
    const key = stringifyJson(setup as Json);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return copyFolder(kept, folder);
    mkdirSync(folder);
    for (const command of setup) await host.run(map(command, (word) => inFolder(word, folder)) as Json[]);
    if (setup.length === 0 || !setup.every(([program]) => LEAVES_FILES.test(String(program)))) return;
    const copy = join(this.#root, String(this.#kept.size));
    await copyFolder(folder, copy);
    this.#kept.set(key, copy);
  }

  close(): void {
    rmSync(this.#root, { recursive: true });
  }
}

/** With the holes of its files. */
async function copyFolder(from: string, to: string): Promise<void> {
  await run('cp', '-a', from, to);
}

/** What the recorder gave every endpoint besides the options of the transcript. */
function startOptions(argv: readonly string[]): string[] {
  const machine = argv.includes('-machine') ? [] : ['-machine', 'none'];
  return [...machine, '-nodefaults', '-accel', 'qtest', '-S'];
}

async function replayIn(folder: string, transcript: Transcript, host: Host): Promise<StepResult[]> {
  const argv = [...startOptions(transcript.argv), ...transcript.argv].map((word) => inFolder(word, folder));
  const clock = new ManualClock();
  const reference = await startReference({ argv, cwd: folder, clock });
  const lines: string[] = [];
  let rest = '';
  const pipe = reference.connect(0, {
    data(bytes) {
      const parts = (rest + Buffer.from(bytes).toString('latin1')).split('\r\n');
      rest = parts.pop()!;
      lines.push(...parts);
    },
    end() {},
  });
  const pass = async (milliseconds: number, until: () => boolean = () => false): Promise<void> => {
    for (let passed = 0; passed < milliseconds && !until(); passed += 1) {
      clock.advance(1_000_000n);
      await reference.idle();
    }
  };
  const exchange = async (bytes: Buffer): Promise<string[]> => {
    pipe.write(bytes);
    await reference.idle();
    await pass(SETTLE_MS);
    return lines.splice(0);
  };
  try {
    if (transcript.negotiate !== false) await exchange(Buffer.from('{"execute": "qmp_capabilities"}'));
    const names = new Names(folder);
    const results: StepResult[] = [];
    for (const step of transcript.steps) {
      if (step.host !== undefined) {
        await host.run(map(step.host, (word) => inFolder(word, folder)) as string[]);
        continue;
      }
      if (step.sleep !== undefined || step.wait !== undefined) {
        const event = isJsonObject(step.wait ?? null) ? (step.wait as JsonObject).event : undefined;
        // What a step waits for may have come with the one before; they count as one.
        const before = results.at(-1)!;
        const came = () =>
          [...lines, stringifyJson(before.got)].some((line) => line.includes(`"${String(event)}"`));
        await pass(
          event === undefined ? Number(step.sleep) * 1000 : WAIT_MS,
          event === undefined ? undefined : came,
        );
        await pass(event === undefined ? 0 : SETTLE_MS);
        const events = lines.splice(0).map((line) => names.received(parseLine(line)));
        results[results.length - 1] = {
          step: before.step,
          got: withEvents(before.got, events),
          expected: withEvents(before.expected, (step.events ?? []) as Json[]),
        };
        continue;
      }
      const received = (await exchange(bytesOf(names.sent(step) as JsonObject))).map(parseLine);
      results.push({
        step: stringifyJson(step.send ?? step.raw ?? step['raw-hex'] ?? 'greeting'),
        got: names.received({
          replies: received.filter((message) => !isEvent(message)),
          events: received.filter(isEvent),
        }),
        expected: {
          replies: (step.replies ?? [step.reply!]) as Json[],
          events: (step.events ?? []) as Json[],
        },
      });
    }
    return results;
  } finally {
    await reference.stop();
  }
}

function withEvents(answer: Json, more: readonly Json[]): Json {
  const { replies, events } = answer as { replies: Json[]; events: Json[] };
  return { replies, events: [...events, ...more] };
}

function bytesOf(step: JsonObject): Buffer {
  if (step.send !== undefined) return Buffer.from(`${stringifyJson(step.send)}\n`);
  if (typeof step['raw-hex'] === 'string') return Buffer.from(step['raw-hex'], 'hex');
  return Buffer.from(typeof step.raw === 'string' ? step.raw : '');
}

/** Deep nesting and what is no JSON stand in a transcript as text. */
function parseLine(line: string): Json {
  const nested = /^\{"return": \[\], "id": (\[{100,}.*)\}$/.exec(line);
  if (nested) return { return: [], id: { '@json@': nested[1]! } };
  try {
    return parseJson(line);
  } catch {
    return { '@unparsable@': line };
  }
}

function isEvent(message: Json): boolean {
  return isJsonObject(message) && message.event !== undefined;
}

const IS_ANY =
  /^(timestamp|actual-size|date-n?sec|thread-id|cid|uuid|iters|master-key-iters)$|(_time|_latency)_ns$|_queue_depth$/;
const AUTOMATIC_NAME = /#block\d+/g;

/** Translates between the folder and automatic node names here and those of a transcript. */
class Names {
  readonly #folder: string;
  /** Automatic names in the order of their first appearance. */
  readonly #automatic: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What is sent: a name that has appeared means that node. */
  sent(value: Json): Json {
    return map(value, (text) =>
      inFolder(text, this.#folder).replaceAll(
        AUTOMATIC_NAME,
        (name) => this.#automatic[Number(name.slice('#block'.length)) - 1] ?? name,
      ),
    );
  }

  received(value: Json): Json {
    const normalised = (text: string) =>
      text.replaceAll(this.#folder, '@DIR@').replaceAll(AUTOMATIC_NAME, (name) => {
        if (!this.#automatic.includes(name)) this.#automatic.push(name);
        return `#block${this.#automatic.indexOf(name) + 1}`;
      });
    return map(value, normalised, (name) => IS_ANY.test(name));
  }
}

function inFolder(text: string, folder: string): string {
  return text.replaceAll('@DIR@', folder);
}

function map(value: Json, text: (text: string) => string, isAny = (_name: string) => false): Json {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((element) => map(element, text, isAny));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, isAny(name) ? '@ANY@' : map(member, text, isAny)]),
  );
}

/** The host's side of a transcript: the commands of its `setup`, and those run while the endpoint runs. */
class Host {
  readonly #servers: ChildProcess[] = [];

  /** All of them must succeed. */
  async run([program, ...words]: readonly Json[]): Promise<void> {
    if (program === '@write')
      write(words[0] as string, words[1] as [number, string][], words[2] as number | undefined);
    else if (program === '@zbytes')
      writeFileSync(words[0] as string, inflateSync(Buffer.from(words[1] as string, 'base64')));
    else if (program === '@text') writeFileSync(words[0] as string, words[1] as string);
    else if (program === '@fifo') execFileSync('mkfifo', words as string[]);
    else if (program === '@nbd') await this.#serve(words as string[]);
    else if (program === '@nbd-kill') await this.end();
    else await run(program as string, ...(words as string[]));
  }

  async #serve(words: readonly string[]): Promise<void> {
    const socket = words[words.indexOf('-k') + 1]!;
    this.#servers.push(await startServer(socket, 'qemu-nbd', '-t', ...words));
  }

  async end(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map(stopServer));
  }
}

function write(path: string, patches: readonly [number, string][], size: number | undefined): void {
  const file = openSync(path, 'a+');
  if (size !== undefined) ftruncateSync(file, size);
  closeSync(file);
  const patched = openSync(path, 'r+');
  for (const [offset, hex] of patches) writeSync(patched, Buffer.from(hex, 'hex'), 0, undefined, offset);
  closeSync(patched);
}
