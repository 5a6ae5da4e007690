/**
 * `qmpcheck shell`: an interactive QMP prompt. Completion knows the endpoint's schema, events are printed as they come. Without a
 * terminal it reads lines and prints replies, for scripts.
 */
import { createInterface, type Interface } from 'node:readline';
import picocolors from 'picocolors';
import { schemaText } from '../../reports/outcome.ts';
import { printable } from '../../reports/text.ts';
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { ClosedError, ProtocolError, TimeoutError } from '../qmp/errors.ts';
import type { Session } from '../runner/endpoint-session.ts';
import { identify } from '../runner/identify.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { withEndpoint } from './live.ts';
import { complete, DIRECTIVES } from './shell/complete.ts';
import { loadHistory, saveHistory } from './shell/history.ts';
import { LineError, readLine } from './shell/line.ts';
import type { Subcommand } from './subcommand.ts';
import {
  CONFIG_OPTION,
  SCHEMA_OPTION,
  type TargetOptions,
  usableTarget,
  WAIT_OPTION,
} from './target-option.ts';

const HELP = `
A line is a command with its arguments, or a JSON object that is sent as it stands:
  query-block
  blockdev-add driver=raw node-name=r file.driver=null-co file.size=65536
  transaction actions=[{"type": "abort", "data": {}}]
  {"execute": "block_resize", "arguments": {"node-name": "r", "size": 1024}}
Tab completes. ${Object.entries(DIRECTIVES)
  .map(([name, what]) => `${name}: ${what}.`)
  .join(' ')}
Files that commands name are the endpoint's, wherever they are: nothing is held back here.`;

interface Options extends TargetOptions {
  readonly target: string;
  readonly raw?: true;
}

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .option('--target <target>', 'whom to talk to', 'reference')
      .addOption(CONFIG_OPTION)
      .addOption(SCHEMA_OPTION)
      .addOption(WAIT_OPTION)
      .option('--raw', 'show JSON as it came')
      .addHelpText('after', `${HELP}\nExit codes: 0, whatever the answers; 2 where no endpoint came up.`)
      .action(async (options: Options) => done(await shell(options))),
};

async function shell(options: Options): Promise<ExitCode> {
  const { target: name, raw = false } = options;
  // a person has real time; that of the embedded reference stands still between commands
  const { target } = await usableTarget(name === 'reference' ? 'reference:spawn' : name, options);
  return withEndpoint(target, async (session, signal) => {
    const { identity, endpointSchema } = await identify(target, session);
    const origin = schemaText(identity);
    if (origin !== null) process.stderr.write(`completion as the endpoint is ${origin}\n`);
    return new Shell(session, endpointSchema, raw).run(signal);
  });
}

class Shell {
  readonly #session: Session;
  readonly #schema: Schema;
  readonly #terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  readonly #colors = picocolors.createColors(
    process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  );
  readonly #readline: Interface;
  #raw: boolean;

  constructor(session: Session, schema: Schema, raw: boolean) {
    this.#session = session;
    this.#schema = schema;
    this.#raw = raw;
    this.#readline = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: this.#terminal,
      prompt: this.#terminal ? 'qmp> ' : '',
      completer: (line: string) => complete(line, schema),
      ...(this.#terminal && { history: loadHistory(), historySize: 1000 }),
    });
  }

  /** Until `.quit`, a signal, the end of the input, or the endpoint's own end. */
  async run(signal: AbortSignal): Promise<ExitCode> {
    signal.addEventListener('abort', () => this.#readline.close());
    void this.#session.endpoint.exited.then(() => this.#readline.close());
    const { main } = this.#session;
    main!.onMessage = (message) => {
      if (typeof message.event === 'string') this.#print(message, this.#colors.cyan);
    };
    this.#readline.on('history', saveHistory);
    this.#readline.on('SIGINT', () => this.#abandonLine());
    this.#readline.prompt();
    try {
      for await (const line of this.#readline) {
        if (line.trim() === '.quit') break;
        if (line.trim() !== '') await this.#take(line.trim());
        if (this.#session.main === null) {
          process.stderr.write('qmpcheck: the endpoint has closed the connection\n');
          return EXIT.ok;
        }
        this.#readline.prompt();
      }
      return EXIT.ok;
    } finally {
      this.#readline.close();
    }
  }

  #abandonLine(): void {
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
  }

  async #take(line: string): Promise<void> {
    if (Object.hasOwn(DIRECTIVES, line)) {
      if (line === '.help') process.stdout.write(`${HELP.trim()}\n`);
      else this.#raw = line === '.raw';
      return;
    }
    try {
      if (line.startsWith('.'))
        throw new LineError(`${line}: there are ${Object.keys(DIRECTIVES).join(', ')}, and commands`);
      await this.#send(readLine(line, this.#schema));
    } catch (error) {
      const told = [LineError, TimeoutError, ProtocolError, ClosedError].some(
        (kind) => error instanceof kind,
      );
      if (!told) throw error;
      process.stderr.write(`${(error as Error).message}\n`);
    }
  }

  async #send(message: JsonObject): Promise<void> {
    const { client } = this.#session.main!;
    const reply = await client.request(message);
    this.#print(reply, Object.hasOwn(reply, 'error') ? this.#colors.red : String);
  }

  /** Above the prompt, and what is being typed stays. */
  #print(value: Json, paint: (text: string) => string): void {
    const text = stringifyJson(value, this.#raw ? undefined : 2);
    const lines = text.split('\n').map((line) => `${paint(printable(line))}\n`);
    if (this.#terminal) process.stdout.write('\r\u001b[K');
    process.stdout.write(lines.join(''));
    if (this.#terminal) this.#readline.prompt(true);
  }
}
