/** Where results go unless an option names a file: stdout, held to the same rules as files. */
import { writeFileSync } from 'node:fs';
import { isReaderGone, OutputError } from '../output-file.ts';

/**
 * Takes over the errors of stdout and stderr. The result waits until all that was written has left, and rejects with
 * `OutputError` if stdout could not be written; a reader that left is no fault.
 */
export function guardStandardStreams(): () => Promise<void> {
  const { stdout, stderr } = process;
  let fault: Error | undefined;
  const onError = (error: Error): void => {
    fault ??= error;
  };
  stdout.on('error', onError);
  // Nobody is left to tell.
  stderr.on('error', () => undefined);
  writeFilesWhole(stdout);
  return async () => {
    await new Promise<void>((resolve) => stdout.write('', () => resolve()));
    if (fault !== undefined && !isReaderGone(fault)) throw new OutputError('stdout', fault);
  };
}

/** Node's stream of a file takes what the system wrote for all, so that the end is lost where the disk is full. */
function writeFilesWhole(stdout: NodeJS.WriteStream): void {
  if (stdout.constructor.name !== 'SyncWriteStream') return;
  stdout._write = (chunk: Buffer, _encoding, done) => {
    try {
      writeFileSync(1, chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}
