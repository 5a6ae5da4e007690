/**
 * An endpoint with faults on purpose: stands between its monitors and the real program, and passes lines on unless a
 * rule says otherwise.
 *
 *   node saboteur.js RULES PROGRAM ARGUMENT…
 *
 * RULES: the members of `Sabotage` as JSON. Monitors are those of `-chardev socket` and `-chardev pipe` options.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Patterns are regular expressions on a line. */
export interface Sabotage {
  /** Replacements in what the endpoint is sent, and in what it sends. */
  readonly in?: readonly (readonly [string, string])[];
  readonly out?: readonly (readonly [string, string])[];
  /** What is answered with success, and not passed on. */
  readonly swallow?: string;
  /** After these it is killed by SIGABRT; never answers again. */
  readonly die?: string;
  readonly mute?: string;
  /** With each of these it opens ten files more. */
  readonly leak?: string;
  /** A file is left, and an image damaged, when it is sent these; the file is in the folder where it runs. */
  readonly leave?: string;
  readonly spoil?: {
    readonly at: string;
    readonly file: string;
    readonly offset: number;
    readonly bytes: readonly number[];
  };
}

const [text = '{}', program = '', ...words] = process.argv.slice(2);
const rules = JSON.parse(text) as Sabotage;
const fronts: { readonly path: string; readonly isPipe: boolean }[] = [];

const args = words.map((word) => {
  const [, kind, id, path] = /^(socket|pipe),id=([\w-]+),path=([^,]+)/.exec(word) ?? [];
  if (path === undefined) return word;
  const waits = word.includes('wait=on');
  fronts.push({ path, isPipe: kind === 'pipe' });
  return `socket,id=${id},path=${path}.real,server=on,wait=${waits ? 'on' : 'off'}`;
});
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
process.on('exit', () => child.kill('SIGKILL'));
process.on('SIGTERM', () => process.exit(0));
child.on('exit', (code, signal) => (signal === null ? process.exit(code ?? 1) : die(signal)));

let isMute = false;

function die(signal: NodeJS.Signals): void {
  child.kill('SIGKILL');
  process.kill(process.pid, signal);
}

function is(pattern: string | undefined, line: string): boolean {
  return pattern !== undefined && new RegExp(pattern).test(line);
}

function replaced(line: string, rewrites: Sabotage['in'] = []): string {
  return rewrites.reduce((one, [pattern, by]) => one.replace(new RegExp(pattern), by), line);
}

function damage({ file, offset, bytes }: NonNullable<Sabotage['spoil']>): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.from(bytes), 0, bytes.length, offset);
  closeSync(fd);
}

/** Passes lines on between a client and the real monitor. */
function join(input: Readable, output: Writable, real: Socket): void {
  createInterface({ input }).on('line', (line) => {
    if (is(rules.mute, line)) isMute = true;
    if (isMute) return;
    if (is(rules.die, line)) return die('SIGABRT');
    if (is(rules.leak, line)) for (let count = 0; count < 10; count += 1) openSync('/dev/null', 'r');
    if (is(rules.leave, line)) writeFileSync('vl.left', '');
    if (is(rules.spoil?.at, line)) damage(rules.spoil!);
    if (is(rules.swallow, line)) {
      const { id } = JSON.parse(line) as { id?: unknown };
      output.write(`${JSON.stringify({ return: {}, id })}\n`);
    } else real.write(`${replaced(line, rules.in)}\n`);
  });
  createInterface({ input: real }).on('line', (line) => {
    if (!isMute) output.write(`${replaced(line, rules.out)}\n`);
  });
  for (const stream of [input, output, real]) stream.on('error', () => undefined);
}

/** One that keeps no thread waiting, so that nothing is in the way of the end. */
function pipe(path: string, use: { readable: boolean; writable: boolean }): Socket {
  return new Socket({ fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK), ...use });
}

function reach(path: string, reached: (real: Socket) => void): void {
  const real = connect(path);
  real.once('connect', () => reached(real));
  real.once('error', () => setTimeout(() => reach(path, reached), 10));
}

for (const { path, isPipe } of fronts.toReversed()) {
  if (isPipe)
    reach(`${path}.real`, (real) =>
      join(
        pipe(`${path}.in`, { readable: true, writable: false }),
        pipe(`${path}.out`, { readable: false, writable: true }),
        real,
      ),
    );
  else {
    const server = createServer((client) => reach(`${path}.real`, (real) => join(client, client, real)));
    server.listen(path);
  }
}
