/**
 * `sheepdog`: goes to the server that it is given, and no further, since Sheepdog's protocol is not spoken here. What can be
 * refused before that is refused.
 */
import type { SheepdogRedundancy, SocketAddress } from '../../spec/generated/qmp.ts';
import { CONNECT_PATIENCE, inTime } from '../host/patience.ts';
import { connectSocket } from '../host/socket-address.ts';
import { CommandError } from '../qapi/command-error.ts';
import { percentDecodedOr } from '../qapi/percent.ts';
import type { CreateEnvironment, CreateOptions, Driver, DriverOptions, OpenEnvironment } from './driver.ts';

type Options = DriverOptions<'sheepdog'>;

/** Bytes of a name in Sheepdog's messages, its final NUL included. */
const MAX_NAME = 256;
const DEFAULT_SERVER = { type: 'inet', host: '127.0.0.1', port: '7000' } as const;

async function open(environment: OpenEnvironment<Options>): Promise<never> {
  return visit(environment.options, environment);
}

/** Refuses what no image can be, then goes to the server. */
async function create(environment: CreateEnvironment<CreateOptions<'sheepdog'>>): Promise<void> {
  const { location, redundancy, preallocation = 'off' } = environment.options;
  if (redundancy && !isPossible(redundancy)) throw new CommandError('Invalid redundancy mode');
  if (preallocation !== 'off' && preallocation !== 'full')
    throw new CommandError('Preallocation mode not supported for Sheepdog');
  return visit(location, environment);
}

function isPossible(redundancy: SheepdogRedundancy): boolean {
  if (redundancy.type === 'full') return isWithin(redundancy.copies, 1, 31);
  const { 'data-strips': data, 'parity-strips': parity } = redundancy;
  return [2, 4, 8, 16].includes(Number(data)) && isWithin(parity, 1, 15);
}

function isWithin(value: number | bigint, least: number, most: number): boolean {
  return value >= least && value <= most;
}

async function visit(
  { server, vdi = '', tag = '' }: Options,
  environment: Pick<OpenEnvironment, 'cwd' | 'clock' | 'hostWork'>,
): Promise<never> {
  if (server === undefined) throw new CommandError("Parameter 'server' is missing");
  for (const [name, value] of [
    ['vdi', vdi],
    ['tag', tag],
  ] as const)
    if (Buffer.byteLength(value) >= MAX_NAME)
      throw new CommandError(`value of parameter '${name}' is too long`);
  const { cwd, hostWork } = environment;
  const socket = await hostWork.trackPeer(() =>
    inTime(environment, CONNECT_PATIENCE, (signal) => connectSocket(server, cwd, signal)),
  );
  // What is sent to it meanwhile is of no use.
  socket.on('error', () => {});
  socket.destroy();
  throw new CommandError(
    `Cannot talk to the server at ${whereIs(server)}: Sheepdog's protocol is not spoken here`,
  );
}

function whereIs(server: SocketAddress): string {
  if (server.type === 'inet') return `${server.host}:${server.port}`;
  return server.type === 'unix' ? server.path : server.type;
}

/** `sheepdog:VDI`, `sheepdog://HOST:PORT/VDI` or `sheepdog+unix:///VDI?socket=PATH`, with `#ID` or `#TAG` of a snapshot behind. */
function parseFilename(filename: string): Options {
  const [, scheme, host, port, path = '', query, fragment] =
    /^sheepdog(\+tcp|\+unix)?:(?:\/\/(\[[^\]]*\]|[^/?#:]*)(?::(\d*))?\/|(?!\/\/))([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(
      filename,
    ) ?? [];
  const vdi = decode(path);
  if (vdi === '') throw new CommandError('missing file path in URI');
  return { server: serverOf(scheme, host, port, query), vdi, ...snapshot(fragment) };
}

function serverOf(scheme = '', host = '', port = '', query = ''): SocketAddress {
  const parameters = [...new URLSearchParams(query)];
  if (scheme === '+unix') {
    const [first, ...more] = parameters;
    if (host !== '' || port !== '' || first?.[0] !== 'socket' || more.length > 0)
      throw new CommandError("unexpected query parameters, or no 'socket', in URI");
    return { type: 'unix', path: first[1] };
  }
  if (parameters.length > 0) throw new CommandError('unexpected query parameters');
  const name = host.replace(/^\[|\]$/g, '');
  return { type: 'inet', host: name || DEFAULT_SERVER.host, port: port || DEFAULT_SERVER.port };
}

function snapshot(fragment: string | undefined): Options {
  if (fragment === undefined) return {};
  return /^\d+$/.test(fragment) && Number(fragment) < 2 ** 32
    ? { 'snap-id': Number(fragment) }
    : { tag: decode(fragment) };
}

const decode = (text: string): string => percentDecodedOr(text, 'invalid URI');

export const sheepdog: Driver<'sheepdog'> = {
  kind: 'protocol',
  children: {},
  protocols: ['sheepdog', 'sheepdog+tcp', 'sheepdog+unix'],
  parseFilename,
  open,
  create,
};
