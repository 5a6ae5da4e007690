/** What a command of the human monitor is: an entry of the tables in the files `hmp-*.ts`. */
import type { CommandContext } from '../../commands/handler.ts';
import type { HumanArguments } from './human-arguments.ts';

export interface HumanCommand {
  /** As `human-arguments.ts` reads it. */
  readonly args: string;
  /** The arguments as help shows them. */
  readonly params: string;
  readonly help: string;
  /** Gives what is printed, lines ended by `\n`. Throws `CommandError` for a refusal, which is printed. */
  run(args: HumanArguments, context: CommandContext): string | Promise<string>;
}

/** Commands by name; a name with `|` has several spellings. */
export type HumanCommands = Readonly<Record<string, HumanCommand>>;

/** The command of this name, if there is one. */
export function findCommand(table: HumanCommands, word: string): HumanCommand | undefined {
  return Object.entries(table).find(([names]) => names.split('|').includes(word))?.[1];
}
