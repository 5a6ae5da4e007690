/**
 * `blkverify`: does everything on `test` and on `raw` alike. The first difference between what the two say ends the
 * endpoint. The disk is as long as `test`; it alone is flushed.
 */
import { errnoNumber, IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { ChildHandle, Driver, DriverState, OpenEnvironment } from './driver.ts';

async function open({ child, abort }: OpenEnvironment): Promise<DriverState> {
  const raw = await child('raw');
  const test = await child('test');

  const fail = (line: string): never => {
    abort(`blkverify: ${line}`);
    // No request ends well any more.
    throw new IoError('EIO');
  };
  /** The same on both; resolves or throws as both do. */
  const onBoth = async (what: string, request: (child: ChildHandle) => Promise<void>): Promise<void> => {
    const [tested, expected] = await Promise.all([outcome(request(test)), outcome(request(raw))]);
    if (tested !== expected) fail(`${what} return value mismatch ${status(tested)} != ${status(expected)}`);
    if (tested !== undefined) throw new IoError(tested);
  };
  return {
    length: () => test.length(),
    growable: true,
    read: async (offset, buffer) => {
      const what = `read offset=${offset} bytes=${buffer.length}`;
      const expected = new Uint8Array(buffer.length);
      await onBoth(what, (from) => from.read(offset, from === test ? buffer : expected));
      const differs = buffer.findIndex((byte, index) => byte !== expected[index]);
      if (differs >= 0) fail(`${what} contents mismatch at offset ${offset + differs}`);
    },
    write: (offset, data) =>
      onBoth(`write offset=${offset} bytes=${data.length}`, (to) => to.write(offset, data)),
    flush: () => test.flush(),
    truncate: (length) => raw.truncate(length),
    info: () => raw.info(),
    allocatedSize: () => raw.allocatedSize(),
    close: () => Promise.resolve(),
  };
}

/** The errno of a failed request. */
async function outcome(request: Promise<void>): Promise<string | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (error instanceof IoError) return error.code;
    throw error;
  }
}

/** As the host's functions return it. */
function status(code: string | undefined): number {
  return code === undefined ? 0 : -errnoNumber(code);
}

function parseFilename(filename: string) {
  if (!filename.startsWith('blkverify:')) return { test: { file: filename } };
  const [, raw, test] = /^blkverify:([^:]*):(.*)$/s.exec(filename) ?? [];
  if (raw === undefined || test === undefined)
    throw new CommandError('blkverify requires raw copy and original image path');
  return { raw, test: { file: test } };
}

export const blkverify: Driver<'blkverify'> = {
  kind: 'filter',
  children: { raw: 'filtered', test: 'filtered' },
  fileChild: 'raw',
  protocols: ['blkverify'],
  parseFilename,
  plainFilename: (_options, { raw, test }) =>
    raw === undefined || test === undefined ? undefined : `blkverify:${raw}:${test}`,
  open,
};
