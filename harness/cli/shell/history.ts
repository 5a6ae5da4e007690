/** Lines typed in earlier sessions, in a file of the user's, the newest first as readline has them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const MOST = 1000;

function file(): string {
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'qmpcheck/shell-history');
}

/** Empty if there is none. */
export function loadHistory(): string[] {
  try {
    return readFileSync(file(), 'utf8').split('\n').filter(Boolean).toReversed();
  } catch {
    return [];
  }
}

/** A history that cannot be kept is no fault: nothing depends on it. */
export function saveHistory(lines: readonly string[]): void {
  try {
    mkdirSync(dirname(file()), { recursive: true, mode: 0o700 });
    writeFileSync(file(), `${lines.slice(0, MOST).toReversed().join('\n')}\n`, { mode: 0o600 });
  } catch {
    // read-only home
  }
}
