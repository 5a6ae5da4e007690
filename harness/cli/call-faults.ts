/** What a call that could not be carried out prints: what a user or an endpoint did is told in their words, without frames. */
import { getSystemErrorMap } from 'node:util';
import { errorText } from '../error-text.ts';
import { InputError } from '../input-error.ts';
import { OutputError } from '../output-file.ts';
import { ClosedError, ProtocolError, QmpError, TimeoutError } from '../qmp/errors.ts';
import { ScratchError } from '../runner/scratch.ts';
import { StartError, type Target } from '../targets/target.ts';
import { AddressError, ConnectError } from '../transports/address-kind.ts';
import { UsageError } from './exit.ts';

const COMPLETE = [UsageError, InputError, OutputError, ScratchError];
const OF_ENDPOINT = [
  StartError,
  QmpError,
  ProtocolError,
  TimeoutError,
  ClosedError,
  ConnectError,
  AddressError,
];

/** For stderr, without a line end. Several lines only where an endpoint had last words. */
export function faultText(error: unknown): string {
  if (isOneOf(error, [...COMPLETE, ...OF_ENDPOINT])) return error.message;
  return systemFault(error) ?? errorText(error);
}

/** What `work` gives. What the endpoint did instead is a `UsageError` that names the target once, with its last words. */
export async function onTarget<T>(target: Pick<Target, 'name'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOneOf(error, OF_ENDPOINT)) throw error;
    throw new UsageError(endpointFault(target.name, error));
  }
}

function endpointFault(target: string, error: Error): string {
  const address = target.replace(/^listen:/, '');
  const message = error.message.startsWith(`${address}: `)
    ? error.message.slice(address.length + 2)
    : error.message;
  const named = `${target}: ${message}`;
  const words = error instanceof StartError ? error.lastWords : [];
  const [first = '', ...rest] = named.split('\n');
  const further = [...rest, ...words.filter((line) => !named.includes(line))];
  return [first, ...further.filter((line) => line.trim() !== '').map((line) => `  ${line}`)].join('\n');
}

/** Of an error of the system, which is nobody's in particular: `PATH: why`. */
function systemFault(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  const { errno, path, message } = error as NodeJS.ErrnoException;
  const why = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return path === undefined || why === undefined ? message : `${path}: ${why}`;
}

function isOneOf(
  error: unknown,
  kinds: readonly (abstract new (...args: never[]) => Error)[],
): error is Error {
  return kinds.some((kind) => error instanceof kind);
}
