/** Nodes over files whose requests meet errors on purpose. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { addRawOver, type CaseFile } from './shared-setup.ts';

/** Options of a node that hands on what goes to a file, but for what fails by these rules of `inject-error`. */
export function failingFile({ path }: CaseFile, ...rules: JsonObject[]): JsonObject {
  return { driver: 'blkdebug', image: { driver: 'file', filename: path }, 'inject-error': rules };
}

/** A name by which whoever opens it gets the file as a raw image above such a node. */
export function failingName(file: CaseFile, ...rules: JsonObject[]): string {
  return `json:${JSON.stringify({ driver: 'raw', file: failingFile(file, ...rules) })}`;
}

/** Adds a raw node above such a one, and gives its name. */
export function addFailing(t: CaseContext, file: CaseFile, ...rules: JsonObject[]): Promise<string> {
  return addRawOver(t, file, { file: failingFile(file, ...rules) });
}
