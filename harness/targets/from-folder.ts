/**
 * File names in what starts an endpoint. An endpoint runs in its scratch folder, but whoever wrote a command meant the files of
 * the folder that it was written in.
 */
import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { shellWord } from '../../reports/text.ts';

/** The path of a program that a name with a slash means; a name without one is for PATH. */
export function programFrom(folder: string, name: string): string {
  return name.includes('/') ? resolve(folder, name) : name;
}

/** Words of a command line that stand in no quotes and hold nothing that a shell reads. */
const WORD = /(?<=^|\s)[\w@%+,./:-]+(?=\s|$)/g;
const QUOTED = /"(?:[^"\\]|\\.)*"|'[^']*'/g;

/** Words may be longer than names of files. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The command line with absolute names in place of relative ones of files that are there. */
export function commandFrom(folder: string, line: string): string {
  const quoted = [...line.matchAll(QUOTED)].map(
    ({ index, 0: text }) => [index, index + text.length] as const,
  );
  return line.replace(WORD, (word, at: number) => {
    const isQuoted = quoted.some(([from, to]) => at >= from && at < to);
    const isProgram = at === line.search(/\S/) && !word.includes('/');
    if (isQuoted || isProgram || isAbsolute(word) || word.startsWith('-')) return word;
    const path = resolve(folder, word);
    return isFile(path) ? shellWord(path) : word;
  });
}
