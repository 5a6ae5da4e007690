/** Apart from `input-file.ts`, so that the command line can tell of it without loading what reads files. */

/** An input file is at fault. The message is complete: file, line, place in it, and what was wrong. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
