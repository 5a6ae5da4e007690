/** How a person starts the endpoint of a finding: its images, then its options. For scripts and accounts. */
import { shellWord } from '../../reports/text.ts';
import type { Json } from '../../spec/json.ts';

interface EngineProgram {
  readonly program: string;
  readonly dashes: string;
  /** Words that start it without a display and the like. */
  readonly words: readonly string[];
  /** Words that make a monitor of a chardev. */
  readonly monitor: (chardev: string) => string;
}

const PROGRAMS: Readonly<Record<string, EngineProgram>> = {
  'qemu-system': {
    program: 'qemu-system-x86_64',
    dashes: '-',
    words: ['-accel tcg -S -nodefaults -display none'],
    monitor: (chardev) => `-mon chardev=${chardev},mode=control`,
  },
  'qemu-storage-daemon': {
    program: 'qemu-storage-daemon',
    dashes: '--',
    words: [],
    monitor: (chardev) => `--monitor chardev=${chardev}`,
  },
};

export interface Launch {
  /** What the target names: a program or its path. */
  readonly program: string;
  /** Groups of words, ready for a shell. Every monitor speaks on a chardev; `chardevs` are their options. */
  words(options: readonly string[], chardevs: readonly string[], inFolder: InFolder): string[];
}

/** A word for the shell, with the folder of the run in the place of `@DIR@`. */
export type InFolder = (word: string) => string;

/** Null for a target that nobody can start by such words. */
export function launchOf(target: string): Launch | null {
  const [kind, ...path] = target.split(':');
  const known = PROGRAMS[kind!];
  if (known === undefined) return null;
  const { program, dashes, words, monitor } = known;
  return {
    program: path.join(':') || program,
    words: (options, chardevs, inFolder) => [
      ...(kind === 'qemu-system' && !options.includes('-machine') ? ['-machine none'] : []),
      ...words,
      ...pairs(options).map(
        ([name, ...rest]) => `${dashes}${name!.replace(/^-+/, '')} ${rest.map(inFolder).join(' ')}`,
      ),
      ...chardevs.map((chardev, i) => `${dashes}chardev ${chardev} ${monitor(`m${i}`)}`),
    ],
  };
}

function pairs(words: readonly string[]): string[][] {
  return words.flatMap((_, index) => (index % 2 === 0 ? [words.slice(index, index + 2)] : []));
}

/** A command of a topology's setup, as in a transcript, as lines for the shell. */
export function setupLines(command: Json): string[] {
  if (!Array.isArray(command)) return [];
  const words = command.map(String);
  if (words[0] === '@mkdir') return [`mkdir ${shellWord(words[1]!)}`];
  if (words[0] === '@write') return [`truncate -s ${words[3] ?? 0} ${shellWord(words[1]!)}`];
  const quiet = words[0] === 'qemu-io' ? ' >/dev/null' : '';
  return [`${words.map(shellWord).join(' ')}${quiet}`];
}
