/**
 * Commands of qemu-io that are no requests: those that stop requests at the breakpoints of a `blkdebug` node and let them go
 * on, `sleep`, and `reopen`. What they print is what QEMU 7.2 prints.
 *
 * A command that waits keeps the next one waiting, of whichever monitor, as it does in QEMU: only a request that comes by
 * other ways (a job, an export, a guest device) ends a `wait_break`. Where QEMU waits for what cannot come, that is told
 * instead.
 */
import type { Breakpoints } from '../drivers/driver.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { IoError } from '../host/errno.ts';
import type { BlockBackend } from './block-backend.ts';
import { reopenBy } from './qemu-io-reopen.ts';

/** What a command works on; an empty drive has no node. */
export interface ControlSubject {
  readonly graph: NodeGraph;
  readonly node: Node | undefined;
  readonly backend: BlockBackend | undefined;
  /** Waits, and lets jobs work meanwhile. */
  wait(until: Promise<void>): Promise<void>;
}

/** As long as its nanoseconds fit 63 bits. */
const MOST_MILLISECONDS = 2 ** 63 / 1e6;

interface ControlCommand {
  /** How many words it takes; any number if it reads them itself. */
  readonly words?: number;
  /** Throws `IoError`, which `failed` puts into words, or `CommandError`, which the monitor tells. */
  run(subject: ControlSubject, words: readonly string[]): void | Promise<void>;
  failed?(words: readonly string[], reason: string): string;
}

const controlCommands: Readonly<Record<string, ControlCommand>> = {
  break: {
    words: 2,
    run: ({ node }, [event, tag]) => breakpointsOf(node).set(event!, tag!),
    failed: (_words, reason) => `Could not set breakpoint: ${reason}`,
  },
  remove_break: {
    words: 1,
    run: ({ node }, [tag]) => breakpointsOf(node).remove(tag!),
    failed: ([tag], reason) => `Could not remove breakpoint ${tag}: ${reason}`,
  },
  resume: {
    words: 1,
    run: ({ node }, [tag]) => breakpointsOf(node).resume(tag!),
    failed: (_words, reason) => `Could not resume request: ${reason}`,
  },
  wait_break: {
    words: 1,
    run: ({ node, wait }, [tag]) => wait(breakpointsOf(node).suspended(tag!)),
    failed: ([tag], reason) => `No request will be suspended as ${tag}: ${reason}`,
  },
  sleep: {
    words: 1,
    run: (subject, [text]) => sleep(subject, text!),
  },
  reopen: { run: reopenBy },
};

/** Runs a command if it is one of these. Throws `CommandError`. */
export async function runControl(
  subject: ControlSubject,
  [word = '', ...words]: readonly string[],
): Promise<boolean> {
  if (!Object.hasOwn(controlCommands, word)) return false;
  const { services } = subject.graph;
  const { words: expected = words.length, run, failed } = controlCommands[word]!;
  if (words.length !== expected) {
    services.log(`bad argument count ${words.length} to ${word}, expected ${expected} arguments`);
    return true;
  }
  try {
    await run(subject, words);
  } catch (error) {
    if (!(failed && error instanceof IoError)) throw error;
    services.print(failed(words, error.message));
  }
  return true;
}

/** Those of the node, or of the next below that has some, along the way of its data. */
function breakpointsOf(node: Node | undefined): Breakpoints {
  if (!node) throw new IoError('ENOTSUP');
  const { breakpoints } = node.state;
  return breakpoints ?? breakpointsOf(node.child(node.driver.fileChild ?? 'file')?.node);
}

async function sleep({ graph: { services }, wait }: ControlSubject, text: string): Promise<void> {
  if (!/^[-+]?(0x[\da-f]+|\d+)$/i.test(text) || Number(text) < 0) {
    services.print(`${text} is not a valid number`);
    return;
  }
  const milliseconds = /^[-+]?0\d/.test(text) ? Number.parseInt(text, 8) : Number(text);
  // A time that no clock of QEMU's comes to is over at once.
  if (milliseconds > MOST_MILLISECONDS) return;
  await wait(new Promise((over) => services.clock.after(BigInt(milliseconds) * 1_000_000n, over)));
}
