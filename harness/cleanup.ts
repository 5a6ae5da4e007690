/**
 * The last resort against leftovers: what must not outlive this process, whichever way it ends.
 *
 * Orderly paths free what they made themselves and then withdraw their entry here; what is still entered when the
 * process exits is undone synchronously, last first. A crash of this process (SIGKILL) is not seen here: children
 * notice it through their guard (`targets/child-process.ts`), folders are swept by the next run (`runner/scratch.ts`).
 */

import { constants } from 'node:os';

type Undo = () => void;

const pending = new Set<Undo>();
let installed = false;

/** Number of entries not yet withdrawn; a test holds it to zero. */
export function pendingCleanups(): number {
  return pending.size;
}

/** Enters a synchronous, idempotent `undo` for the end of the process. The result withdraws it. */
export function atProcessEnd(undo: Undo): () => void {
  if (!installed) {
    installed = true;
    process.on('exit', undoAll);
  }
  pending.add(undo);
  return () => pending.delete(undo);
}

function undoAll(): void {
  for (const undo of [...pending].toReversed()) {
    try {
      undo();
    } catch {
      // The next entry still deserves its turn; nobody is left to tell.
    }
  }
  pending.clear();
}

/** An interruption by the user or the system, as the reason of an `AbortSignal`. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signalName: NodeJS.Signals;

  constructor(signalName: NodeJS.Signals) {
    super(`interrupted by ${signalName}`);
    this.signalName = signalName;
  }
}

/** The exit code of a process that a signal ended, as shells have it: 130 after Ctrl-C. */
export function exitCodeAfter(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}

/**
 * Turns Ctrl-C, SIGTERM and SIGHUP into an abort, so that the run can end in order. A second signal ends the
 * process at once, still through the entries above. Call `dispose` when the run is over.
 */
export function abortOnSignals(): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCodeAfter(name));
    controller.abort(new Interrupted(name));
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
