/**
 * Diagnostics of the QAPI compiler: where a fault is, what it is, and how users see it.
 *
 * Every stage reports through `fault()`. A `Diagnostic` is a value; `SchemaError` only carries it up.
 */

/** A place in the QAPI text. */
export interface Source {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The include directive that brought `file` in; absent for the outermost file. */
  readonly includedFrom?: Source;
  /** The definition at fault, in the user's words: `struct 'Foo'`. */
  readonly definition?: string;
}

export interface Diagnostic {
  readonly source: Source;
  readonly message: string;
}

/**
 * The text users see: a line for each include, outermost first, then `FILE: In KIND 'NAME':` when a definition
 * is at fault, and last `FILE:LINE: message`.
 */
export function formatDiagnostic({ source, message }: Diagnostic): string {
  const lines = [`${source.file}:${source.line}: ${message}`];
  if (source.definition !== undefined) lines.unshift(`${source.file}: In ${source.definition}:`);
  for (let from = source.includedFrom; from !== undefined; from = from.includedFrom)
    lines.unshift(`In file included from ${from.file}:${from.line}:`);
  return lines.join('\n');
}

/** The first fault of a schema; its `message` is the formatted diagnostic. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(formatDiagnostic(diagnostic));
    this.diagnostic = diagnostic;
  }
}

export function fault(source: Source, message: string): never {
  throw new SchemaError({ source, message });
}
