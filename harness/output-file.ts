/**
 * What qmpcheck writes for people: a file holds the old contents or the new ones, never a part. Reports, records,
 * expectations and findings go through here; what people give is read in `input-file.ts`.
 *
 *   1. `openOutput` sees that the file can be written, before a long run begins, and changes nothing;
 *   2. what is written is kept in memory;
 *   3. `finish` writes it to `FILE.partial`, which then takes the place of FILE.
 *
 * What is no regular file (a fifo, `/dev/stdout`, `/dev/fd/3`) has no old contents to keep, and is written as it comes.
 */
import {
  accessSync,
  appendFileSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';

/** What the process was started with. A run in a shared scratch folder has another one, which is for that folder alone. */
const UMASK = process.umask();

/** A file or a stream cannot be written. The message is complete: which one, and why. */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  constructor(path: string, error: unknown, consequence = '') {
    super(`${path}: cannot be written: ${fileFault(error)}${consequence}`);
  }
}

/** A file on its way. It is finished or discarded; until then nothing of it is seen. */
export interface OutputFile {
  /** Appends. Never throws: `finish` tells what went wrong. */
  write(text: string): void;
  /** Puts all that was written in place. Throws `OutputError`; what was there before is then as it was. */
  finish(): void;
  /** Leaves the file as it was. After `finish` it does nothing. */
  discard(): void;
}

/** Changes nothing that is there. `mode` is that of a new file. Throws `OutputError` for what cannot be written. */
export function openOutput(path: string, mode = 0o666): OutputFile {
  try {
    const old = statSync(path, { throwIfNoEntry: false });
    return isReplaceable(path, old) ? replacement(path, old, mode) : stream(path);
  } catch (error) {
    throw new OutputError(path, error);
  }
}

/** Finishes each. Throws `OutputError` that tells of all that cannot be written, when the others are. */
export function finishAll(files: readonly Pick<OutputFile, 'finish'>[]): void {
  const faults = files.flatMap((file) => {
    try {
      file.finish();
      return [];
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      return [error];
    }
  });
  const [first, ...others] = faults;
  if (first === undefined) return;
  for (const { message } of others) first.message += `\n${message}`;
  throw first;
}

/** A whole file at once. Throws `OutputError`. */
export function writeOutput(path: string, text: string, mode?: number): void {
  const output = openOutput(path, mode);
  output.write(text);
  output.finish();
}

/** For logs that grow; a reader has to take it that the last line may be cut off. Throws `OutputError`. */
export function appendOutput(path: string, text: string): void {
  try {
    appendFileSync(path, Buffer.from(text), { mode: 0o666 & ~UMASK });
  } catch (error) {
    throw new OutputError(path, error);
  }
}

/** With those above it; one that is there is fine. Throws `OutputError`. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o777 & ~UMASK });
  } catch (error) {
    throw new OutputError(path, error);
  }
}

const OWN_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EISDIR: 'is a folder',
};

/** Why the system refuses a file, in words without the call. */
export function fileFault(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  return OWN_WORDS[code ?? ''] ?? getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}

/** Links to descriptors of this process look like the regular file behind them, which somebody else has open. */
const DESCRIPTOR = /^\/(dev\/(std(in|out|err)$|fd\/)|proc\/)/;

function isReplaceable(path: string, old: Stats | undefined): boolean {
  return (old === undefined || old.isFile()) && !DESCRIPTOR.test(resolve(path));
}

function replacement(path: string, old: Stats | undefined, mode: number): OutputFile {
  tryOut(path, old);
  const texts: string[] = [];
  let isOver = false;
  return {
    write: (text) => void texts.push(text),
    finish: () => {
      if (!isOver) replace(path, old, texts.join(''), mode);
      isOver = true;
    },
    discard: () => {
      isOver = true;
    },
  };
}

/** Makes what `replace` makes, and takes it away again. */
function tryOut(path: string, old: Stats | undefined): void {
  if (old !== undefined) accessSync(path, constants.W_OK);
  const { partial } = placesOf(path, old);
  try {
    closeSync(openSync(partial, 'w'));
    rmSync(partial);
  } catch (error) {
    if (old === undefined || !isFixed(error)) throw error;
  }
}

function replace(path: string, old: Stats | undefined, text: string, mode: number): void {
  const contents = Buffer.from(text);
  const { place, partial } = placesOf(path, old);
  try {
    writeWhole(partial, contents, old, mode);
    renameSync(partial, place);
  } catch (error) {
    rmSync(partial, { force: true });
    if (old === undefined || !isFixed(error))
      throw new OutputError(path, error, old && '; the earlier file is kept');
    writeInPlace(path, contents);
  }
}

/** Of a link, what it leads to: the link stays. */
function placesOf(path: string, old: Stats | undefined): { place: string; partial: string } {
  const place = old === undefined ? path : realpathSync(path);
  return { place, partial: `${place}.partial` };
}

/** The folder takes no new file, or the file is a mount of its own: it can only be written where it is. */
function isFixed(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && ['EACCES', 'EPERM', 'EROFS', 'EBUSY'].includes(code);
}

function writeInPlace(path: string, contents: Buffer): void {
  try {
    writeFileSync(path, contents);
  } catch (error) {
    throw new OutputError(path, error);
  }
}

function writeWhole(partial: string, contents: Buffer, old: Stats | undefined, mode: number): void {
  const file = openSync(partial, 'w', mode & ~UMASK);
  try {
    writeFileSync(file, contents);
    if (old !== undefined) keepOwner(file, old);
    // Some file systems tell only here that they are full.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function keepOwner(file: number, { uid, gid, mode }: Stats): void {
  try {
    fchownSync(file, uid, gid);
  } catch {
    // Only root may give files away.
  }
  fchmodSync(file, mode & 0o777);
}

function stream(path: string): OutputFile {
  const file = openSync(path, 'a');
  let fault: unknown;
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    write: (text) => {
      try {
        if (fault === undefined) writeFileSync(file, Buffer.from(text));
      } catch (error) {
        fault = error;
      }
    },
    finish: () => {
      close();
      if (fault !== undefined && !isReaderGone(fault)) throw new OutputError(path, fault);
    },
    discard: close,
  };
}

/** A reader that has seen enough (`| head`) is no fault. */
export function isReaderGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE';
}
