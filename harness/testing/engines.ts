/**
 * Programs that some tests need and not every machine has. Such a test is skipped, with the reason, unless the
 * environment variable QMPCHECK_REQUIRE (a comma list: `qemu`, `pty`, `chromium`, `gdb`) promises what it needs: then it fails.
 */
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

/** What QMPCHECK_REQUIRE can name. */
export type Requirable = 'qemu' | 'pty' | 'chromium' | 'gdb';

/** Path of a program, null if PATH has none. */
export function engine(program: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next folder may have it.
    }
  }
  return null;
}

/** Null if node-pty works here, else why not. */
export function ptyUnavailable(): string | null {
  try {
    createRequire(import.meta.url)('node-pty');
    return null;
  } catch (error) {
    return `node-pty: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** Null if all programs are there, else which is not. */
export function enginesUnavailable(...programs: readonly string[]): string | null {
  const missing = programs.filter((program) => engine(program) === null);
  return missing.length === 0 ? null : `${missing.join(', ')}: not found in PATH`;
}

/** What is used of vitest's test context. */
interface Skippable {
  skip(note?: string): never;
}

/**
 * At the start of a test or suite hook: skips it if `unavailable` says why it cannot run here, or throws if
 * QMPCHECK_REQUIRE names `what`.
 */
export function requireOrSkip(test: Skippable, what: Requirable, unavailable: string | null): void {
  if (unavailable === null) return;
  const required = (process.env.QMPCHECK_REQUIRE ?? '').split(',').map((name) => name.trim());
  if (required.includes(what)) throw new Error(`QMPCHECK_REQUIRE=${what}: ${unavailable}`);
  test.skip(unavailable);
}
