/** What a subcommand of the command line implements: one file each, registered in `main.ts`. */
import type { Command } from 'commander';
import type { ExitCode } from './exit.ts';

export interface Subcommand {
  /** Adds arguments and options to `command` and its action, which hands the exit code to `done`. */
  define(command: Command, done: (code: ExitCode) => void): void;
}
