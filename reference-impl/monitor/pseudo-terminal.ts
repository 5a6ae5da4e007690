/** Pseudo terminals: one end for us, a device file for the client. Node lacks the calls; node-pty is an optional dependency. */
import { ReadStream } from 'node:tty';
import { CommandError } from '../qapi/command-error.ts';

/** What node-pty has beyond its published types. */
interface Native {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
}

/** A terminal that hands bytes on as they are. */
export interface Terminal {
  /** The device file. */
  readonly path: string;
  readonly stream: ReadStream;
  close(): void;
}

/** Throws `CommandError` where there are none. */
export async function openTerminal(): Promise<Terminal> {
  const native = await loadNative();
  const { master, slave, pty } = native.open(80, 25);
  // Held open, so that a client's leaving does not end the terminal.
  const kept = new ReadStream(slave);
  kept.setRawMode(true);
  const stream = new ReadStream(master);
  stream.on('close', () => kept.destroy());
  return { path: pty, stream, close: () => stream.destroy() };
}

async function loadNative(): Promise<Native> {
  try {
    const module = (await import('node-pty')) as unknown as {
      native?: Native;
      default?: { native?: Native };
    };
    const native = module.native ?? module.default?.native;
    if (native) return native;
  } catch {
    // told below
  }
  throw new CommandError('Failed to create PTY: node-pty is not installed');
}
