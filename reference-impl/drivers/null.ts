/**
 * `null-co` and `null-aio`: a disk that swallows writes and takes a given time over each request. What is read from it
 * is undefined: here the reader's buffer is left as it is.
 */
import { CommandError } from '../qapi/command-error.ts';
import type { Driver, DriverOptions, DriverState, OpenEnvironment } from './driver.ts';
import { sizeOption } from './sizes.ts';

const DEFAULT_SIZE = 2 ** 30;
const MAX_LATENCY = 2n ** 63n - 1n;

type Name = 'null-co' | 'null-aio';

async function open({ options, clock }: OpenEnvironment<DriverOptions<Name>>): Promise<DriverState> {
  const latency = BigInt(options['latency-ns'] ?? 0);
  if (latency > MAX_LATENCY) throw new CommandError('latency-ns is invalid');
  const size = options.size === undefined ? DEFAULT_SIZE : sizeOption('size', options.size);

  const request = (): Promise<void> =>
    latency === 0n ? Promise.resolve() : new Promise((resolve) => clock.after(latency, resolve));
  return {
    // The greatest int64 rounds to 2^63, which is negative as a length, and no length is shown as less than 0.
    length: () => (size < 2 ** 63 ? size : 0),
    read: request,
    write: request,
    writeZeroes: request,
    flush: request,
    // Nothing is kept here, be it data or zeroes.
    blockStatus: (_offset, length) => Promise.resolve({ length, zero: false, allocated: false }),
    close: () => Promise.resolve(),
  };
}

/** The driver of this name. Its file name says nothing but that. */
function driver(name: Name): Driver<Name> {
  const plainFilename = `${name}://`;
  return {
    kind: 'protocol',
    children: {},
    protocols: [name],
    parseFilename: (filename) => {
      if (filename !== plainFilename)
        throw new CommandError(`The only allowed filename for this driver is '${plainFilename}'`);
      return {};
    },
    plainFilename,
    open,
  };
}

export const nullCo = driver('null-co');
export const nullAio = driver('null-aio');
