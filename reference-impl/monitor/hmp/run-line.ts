/** Runs one line of the human monitor, for `human-monitor-command` and for clients of a monitor in readline mode. */
import { type CommandContext, CommandError } from '../../commands/handler.ts';
import { copyCommands } from './hmp-copies.ts';
import { driveCommands } from './hmp-drives.ts';
import { infoCommands } from './hmp-info.ts';
import { nbdCommands } from './hmp-nbd.ts';
import { firstWord, parseArguments, UsageError } from './human-arguments.ts';
import { findCommand, type HumanCommand, type HumanCommands } from './human-command.ts';

const topics: HumanCommands = {
  'help|?': {
    args: 'name:S?',
    params: '[cmd]',
    help: 'show the help',
    run: ({ texts: { name } }) => help(name),
  },
  info: {
    args: 'item:S?',
    params: '[subcommand]',
    help: 'show various information about the system state',
    run: ({ texts: { item } }) => (item === undefined ? listed(infoCommands, 'info ') : ''),
  },
};

const all: HumanCommands = Object.fromEntries(
  Object.entries({ ...copyCommands, ...driveCommands, ...nbdCommands, ...topics }).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  ),
);

/** Gives what is printed, lines ended by `\r\n`. */
export async function runHumanLine(line: string, context: CommandContext): Promise<string> {
  return (await run(line, context)).replaceAll('\n', '\r\n');
}

async function run(line: string, context: CommandContext): Promise<string> {
  const found = find(line);
  if (found === undefined) return '';
  const { name, command, rest } = found;
  if (!command) return `unknown command: '${name}'\n`;
  try {
    return await command.run(parseArguments(name, command.args, rest), context);
  } catch (error) {
    if (error instanceof UsageError) return `${error.message}\nTry "help ${name}" for more information\n`;
    if (error instanceof CommandError) return `${error.message}\n`;
    throw error;
  }
}

interface Found {
  /** With the word before it that it is a topic of. */
  readonly name: string;
  readonly command: HumanCommand | undefined;
  readonly rest: string;
}

/** Nothing for an empty line. */
function find(line: string): Found | undefined {
  const [word, rest] = firstWord(line);
  if (word === '') return undefined;
  const [topic, behind] = firstWord(rest);
  if (word !== 'info' || topic === '') return { name: word, command: findCommand(all, word), rest };
  return { name: `info ${topic}`, command: findCommand(infoCommands, topic), rest: behind };
}

function help(name: string | undefined): string {
  if (name === undefined) return listed(all);
  if (name.trim() === 'info') return listed(infoCommands, 'info ');
  const found = find(name);
  if (!found?.command) return `unknown command: '${name}'\n`;
  const prefix = name.startsWith('info ') ? 'info ' : '';
  const table = prefix === '' ? all : infoCommands;
  const names = Object.keys(table).find((key) => table[key] === found.command)!;
  return listed({ [names]: found.command }, prefix);
}

function listed(table: HumanCommands, prefix = ''): string {
  return Object.entries(table)
    .map(([names, { params, help: text }]) => `${prefix}${names} ${params} -- ${text}\n`)
    .join('');
}
