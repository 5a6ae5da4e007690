/** Files that the command line names. What cannot be read is the call's fault and is named. */
import { readFileSync } from 'node:fs';
import { fileFault } from '../output-file.ts';
import { UsageError } from './exit.ts';

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: ${fileFault(error)}`);
  }
}
