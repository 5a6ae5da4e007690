/**
 * The host's side of a transcript: its setup commands, those between the steps, and what is asked of the files
 * after the end. Everything it starts or makes is undone by `close`.
 *
 * Only the programs below are ever run, and what this file writes itself stays in the scratch folder.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import type { Json } from '../../../spec/json.ts';
import { Child } from '../../targets/child-process.ts';
import { missingProgram } from '../../targets/find-program.ts';
import { serveFolder } from './http-server.ts';
import type { Placeholders } from './placeholders.ts';
import type { HostCommand, TranscriptFile } from './transcript-file.ts';

const run = promisify(execFile);

const PROGRAMS: ReadonlySet<string> = new Set([
  'qemu-img',
  'qemu-io',
  'qemu-nbd',
  'ls',
  'cat',
  'cmp',
  'stat',
]);
const COMMAND_MS = 60_000;
const MAX_OUTPUT = 16 * 1024 * 1024;
/** What qemu-img says now and then, on a busy machine, when it measures how costly a key's derivation is. */
const CHANCE = 'Unable to get accurate CPU usage';
const TRIES = 20;
/** Wait for qemu-nbd to listen. */
const LISTEN_MS = 10_000;

/** This host cannot do what the transcript needs. */
export class HostLacks extends Error {
  override readonly name = 'HostLacks';
}

/** A command of the transcript failed or is not allowed: nothing can be said of the endpoint. */
export class HostError extends Error {
  override readonly name = 'HostError';
}

export interface HostResult {
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Null if this host has all that the transcript's commands need, else what is missing. */
export async function hostLacks(transcript: TranscriptFile): Promise<string | null> {
  const commands = [
    ...transcript.setup,
    ...transcript.steps.flatMap((step) => (step.host ? [step.host] : [])),
    ...transcript.after.check.map((check) => check.cmd),
  ];
  const programs = new Set(commands.map(([program]) => neededProgram(program)));
  if (Object.keys(transcript.after.content).length > 0) programs.add('qemu-img');
  for (const program of programs) {
    const missing = program === null ? null : await missingProgram(program);
    if (missing !== null) return missing;
  }
  if (commands.some(([program]) => program === '@losetup') && process.getuid?.() !== 0)
    return 'a loop device needs root';
  return null;
}

function neededProgram(program: string): string | null {
  if (PROGRAMS.has(program)) return program;
  if (program === '@nbd') return 'qemu-nbd';
  if (program === '@losetup') return 'losetup';
  return program === '@fifo' ? 'mkfifo' : null;
}

/**
 * The host side of one replay: images, servers and other programs that a transcript's setup and steps name. `undo`
 * removes all of it.
 */
export class Host {
  readonly #folder: string;
  readonly #placeholders: Placeholders;
  readonly #undo: (() => Promise<unknown>)[] = [];
  #nbd: Child | null = null;

  constructor(folder: string, placeholders: Placeholders) {
    this.#folder = folder;
    this.#placeholders = placeholders;
  }

  /** Runs one command. Throws `HostLacks`, `HostError`. */
  async run(command: HostCommand): Promise<HostResult> {
    const [program, ...words] = command.map((word) => this.#placeholders.fillAll(word)) as [
      string,
      ...Json[],
    ];
    if (!program.startsWith('@')) return this.#runProgram(program, words.map(String));
    await this.#runOwn(program, words);
    return { rc: 0, stdout: '', stderr: '' };
  }

  /** SHA-256, in hex, of what a guest sees of an image. */
  async contentDigest(image: string): Promise<string> {
    const raw = `${this.#folder}.content`;
    try {
      const { rc } = await this.#runProgram('qemu-img', [
        'convert',
        '-O',
        'raw',
        this.#placeholders.fill(image),
        raw,
      ]);
      if (rc !== 0) return `qemu-img convert: exit ${rc}`;
      const hash = createHash('sha256');
      for await (const chunk of createReadStream(raw)) hash.update(chunk);
      return hash.digest('hex');
    } finally {
      await rm(raw, { force: true });
    }
  }

  /** Takes back what was started and made outside the folder, last first. Never rejects. */
  async close(): Promise<void> {
    for (const undo of this.#undo.splice(0).toReversed()) await undo().catch(() => undefined);
  }

  async #runProgram(program: string, args: readonly string[]): Promise<HostResult> {
    if (!PROGRAMS.has(program)) throw new HostError(`${program}: not a program that a transcript may run`);
    for (let tries = 1; ; tries++) {
      const result = await runOnce(program, args, this.#folder);
      if (result.rc === 0 || tries === TRIES || !result.stderr.includes(CHANCE)) return result;
    }
  }

  async #runOwn(name: string, words: readonly Json[]): Promise<void> {
    const texts = words.map(String);
    const path = texts[0] ?? '';
    switch (name) {
      case '@write':
        return this.#patch(this.#inside(path), words[1], words[2]);
      case '@text':
        return writeFile(this.#inside(path), texts[1] ?? '');
      case '@zbytes':
        return writeFile(this.#inside(path), inflateSync(Buffer.from(texts[1] ?? '', 'base64')));
      case '@mkdir':
        await mkdir(this.#inside(path));
        return;
      case '@symlink':
        return symlink(path, this.#inside(texts[1] ?? ''));
      case '@rm':
        return rm(this.#inside(path));
      case '@fifo':
        await run('mkfifo', [this.#inside(path)]);
        return;
      case '@nbd':
        return this.#startNbd(texts);
      case '@nbd-kill':
        await this.#nbd?.stop();
        return;
      case '@http':
        return this.#startHttp();
      case '@losetup':
        return this.#attachLoop(this.#inside(path));
      default:
        throw new HostError(`${name}: not a command of transcripts`);
    }
  }

  #inside(path: string): string {
    const full = resolve(this.#folder, path);
    if (full !== this.#folder && !full.startsWith(this.#folder + sep))
      throw new HostError(`${path}: outside the scratch folder`);
    return full;
  }

  /** Creates or extends a file to `size` bytes and writes hex digits at offsets. */
  async #patch(path: string, patches: Json | undefined, size: Json | undefined): Promise<void> {
    const file = await open(path, 'a').then(async (created) => {
      await created.close();
      return open(path, 'r+');
    });
    try {
      if (typeof size === 'number' && (await file.stat()).size < size) await file.truncate(size);
      for (const patch of Array.isArray(patches) ? patches : []) {
        const [offset, hex] = patch as [number, string];
        const bytes = Buffer.from(hex, 'hex');
        await file.write(bytes, 0, bytes.length, offset);
      }
    } finally {
      await file.close();
    }
  }

  async #startNbd(args: readonly string[]): Promise<void> {
    const child = new Child({ command: 'qemu-nbd', args: ['-t', ...args], cwd: this.#folder });
    this.#nbd = child;
    this.#undo.push(() => child.stop());
    const address = nbdAddress(args, this.#folder);
    const limit = Date.now() + LISTEN_MS;
    while (child.running && Date.now() < limit) {
      if (await listens(address)) return;
      await sleep(5);
    }
    throw new HostError(`qemu-nbd: does not listen: ${child.lastWords().join(' / ')}`);
  }

  async #startHttp(): Promise<void> {
    const server = await serveFolder(this.#folder);
    this.#undo.push(() => server.close());
    this.#placeholders.set('@PORT@', String(server.port));
  }

  async #attachLoop(path: string): Promise<void> {
    try {
      const { stdout } = await run('losetup', ['-f', '--show', path]);
      const device = stdout.trim();
      this.#undo.push(() => run('losetup', ['-d', device]));
      this.#placeholders.set('@LOOP@', device);
    } catch (error) {
      throw new HostLacks(
        `no loop device: ${lastLine((error as Partial<Failure>).stderr ?? 'losetup failed')}`,
      );
    }
  }
}

async function runOnce(program: string, args: readonly string[], cwd: string): Promise<HostResult> {
  const env = { ...process.env, LC_ALL: 'C' };
  try {
    const { stdout, stderr } = await run(program, args, {
      cwd,
      env,
      timeout: COMMAND_MS,
      maxBuffer: MAX_OUTPUT,
    });
    return { rc: 0, stdout, stderr };
  } catch (error) {
    const { code, killed, message, stdout = '', stderr = '' } = error as Error & Partial<Failure>;
    if (code === 'ENOENT') throw new HostLacks(`${program}: not found in PATH`);
    if (killed || typeof code !== 'number') throw new HostError(`${program}: ${message}`);
    return { rc: code, stdout, stderr };
  }
}

/** What `execFile` adds to its error. */
interface Failure {
  readonly code: number | string;
  readonly killed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Lines of a tool's output without what differs from run to run. */
export function normalizeOutput(stdout: string): string {
  return stdout.replace(/^disk size: .*$/gm, 'disk size: @ANY@');
}

/** A TCP port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

type NbdAddress = { readonly path: string } | { readonly port: number; readonly host: string };

function nbdAddress(args: readonly string[], folder: string): NbdAddress {
  const socket = args.indexOf('-k');
  if (socket >= 0) return { path: resolve(folder, args[socket + 1] ?? '') };
  const port = args.indexOf('-p');
  return { host: '127.0.0.1', port: port >= 0 ? Number(args[port + 1]) : 10809 };
}

function listens(address: NbdAddress): Promise<boolean> {
  return new Promise((resolveAnswer) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolveAnswer(true);
    });
    socket.once('error', () => resolveAnswer(false));
  });
}

/** Gives the last line that a program wrote, mostly its reason. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)!;
}
