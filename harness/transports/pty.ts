/**
 * A child that speaks QMP on a terminal of its own. The terminal is put into raw mode before the child's program
 * starts: in the other mode lines above 4 KiB would hang, and input would be echoed. node-pty is an optional
 * dependency, loaded when the first child is started.
 */

import { Readable } from 'node:stream';
import type { IPty } from 'node-pty';
import { ConnectError } from './address-kind.ts';
import { DuplexTransport } from './duplex.ts';
import { TerminalWriter } from './terminal.ts';
import type { Transport } from './transport.ts';

export interface PtyRequest {
  /** For messages. */
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** File that takes the child's stderr; default: the terminal, among its output. */
  readonly stderr?: string;
}

/** One of both is null. */
export interface PtyExit {
  readonly code: number | null;
  /** The signal's number. */
  readonly signal: number | null;
}

export interface PtyChild {
  /** A terminal has no half-close: `end` only stops writing. Closing it sends SIGHUP to the child. */
  readonly transport: Transport;
  readonly pid: number;
  readonly exited: Promise<PtyExit>;
  kill(signal: NodeJS.Signals): void;
}

/** What the shell prints when the terminal is ready; the program's own output comes behind it. */
const READY = '\u0006';
const SCRIPT = `stty raw -echo && printf '\\006' && exec "$@"`;
const SCRIPT_WITH_STDERR = `errors=$1; shift; ${SCRIPT} 2>"$errors"`;

/** What node-pty has beyond its published types, on every system but Windows. */
interface UnixPty extends IPty {
  readonly fd: number;
  /** Closes the terminal, which sends SIGHUP to the child. */
  destroy(): void;
}

/** Resolves when the program is about to be started. Rejects with `ConnectError`, also where node-pty is missing. */
export async function spawnPty(request: PtyRequest): Promise<PtyChild> {
  const { name, command, cwd, env, stderr } = request;
  const script = stderr === undefined ? [SCRIPT, 'sh'] : [SCRIPT_WITH_STDERR, 'sh', stderr];
  let pty: UnixPty;
  try {
    const { spawn } = await import('node-pty');
    const options = { encoding: null, ...(cwd !== undefined && { cwd }), ...(env !== undefined && { env }) };
    pty = spawn('/bin/sh', ['-c', ...script, ...command], options) as UnixPty;
  } catch (error) {
    throw new ConnectError(name, 'cannot start a terminal', error);
  }
  const exited = new Promise<PtyExit>((resolve) => {
    pty.onExit(({ exitCode, signal }) =>
      resolve(signal ? { code: null, signal } : { code: exitCode, signal: null }),
    );
  });
  const readable = new PtyReader(pty);
  if (!(await readable.ready))
    throw new ConnectError(name, 'cannot start a terminal', new Error('the shell ended at once'));
  const transport = new DuplexTransport({
    name,
    readable,
    writable: new TerminalWriter(pty.fd),
    halfClose: false,
    release: () => pty.destroy(),
  });
  return { transport, pid: pty.pid, exited, kill: (signal) => pty.kill(signal) };
}

/** What the child writes, from behind the shell's sign on. */
class PtyReader extends Readable {
  /** False if the child ended before its terminal was ready. */
  readonly ready: Promise<boolean>;
  readonly #pty: UnixPty;

  constructor(pty: UnixPty) {
    super();
    this.#pty = pty;
    this.ready = new Promise((resolve) => {
      let ready = false;
      // With `encoding: null` it gives bytes, whatever the type says.
      (pty.onData as unknown as (listener: (data: Buffer) => void) => void)((data) => {
        const start = ready ? 0 : data.indexOf(READY) + 1;
        if (!ready && start === 0) return;
        ready = true;
        resolve(true);
        if (!this.push(data.subarray(start))) pty.pause();
      });
      pty.onExit(() => {
        resolve(false);
        this.push(null);
      });
    });
  }

  override _read(): void {
    this.#pty.resume();
  }
}
