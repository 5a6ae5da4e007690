/** `nbd`: a disk that a server shows over the network, or over a local socket. */

import type { SocketAddress } from '../../../spec/generated/qmp.ts';
import { ByteStream } from '../../host/byte-stream.ts';
import { IoError } from '../../host/errno.ts';
import { CONNECT_PATIENCE, inTime } from '../../host/patience.ts';
import { connectSocket } from '../../host/socket-address.ts';
import { Command, CommandFlag, ExportFlag, StateFlag } from '../../nbd/nbd-protocol.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type {
  BlockStatus,
  Driver,
  DriverOptions,
  DriverState,
  OpenEnvironment,
  ZeroFlags,
} from '../driver.ts';
import { type Agreement, negotiate } from './client-handshake.ts';
import { Connection } from './connection.ts';
import { former, parseFilename, protocols, uri } from './nbd-filename.ts';

/** Requests carry lengths of 32 bits; those without data are bounded by that alone. */
const MAX_WITHOUT_DATA = 2 ** 31;

type Options = DriverOptions<'nbd'>;

async function open(environment: OpenEnvironment<Options>): Promise<DriverState> {
  const { readOnly, hostWork } = environment;
  const agreement = await hostWork.trackPeer(() =>
    inTime(environment, CONNECT_PATIENCE, (signal) => agree(environment, signal)),
  );
  const connection = new Connection(agreement.stream, agreement.structured, environment);
  if (!readOnly && agreement.info.flags & ExportFlag.readOnly) {
    connection.close();
    throw new CommandError('request for write access conflicts with read-only export');
  }
  return new NbdState(agreement, connection, environment);
}

async function agree(environment: OpenEnvironment<Options>, signal: AbortSignal): Promise<Agreement> {
  const { options, cwd, tlsCredentials } = environment;
  const { server, export: exportName = '', 'tls-creds': id } = options;
  if (server === undefined) throw new CommandError('NBD server address missing');
  const tls = id === undefined ? undefined : { credentials: tlsCredentials(id), host: hostOf(server) };
  const socket = await connectSocket(server, cwd, signal);
  return negotiate(new ByteStream(socket), { exportName, tls });
}

function hostOf(server: SocketAddress): string {
  return server.type === 'inet' ? server.host : 'localhost';
}

class NbdState implements DriverState {
  readonly #size: number;
  readonly #flags: number;
  readonly #allocationId: number | undefined;
  readonly #connection: Connection;
  readonly #environment: OpenEnvironment;
  readonly limits;
  readonly writeZeroes?: (at: number, size: number, flags: ZeroFlags) => Promise<void>;
  readonly discard?: (at: number, size: number) => Promise<void>;
  readonly flush?: () => Promise<void>;
  readonly blockStatus?: (at: number, asked: number) => Promise<BlockStatus>;

  constructor({ info, allocationId }: Agreement, connection: Connection, environment: OpenEnvironment) {
    this.#size = info.size;
    this.#flags = info.flags;
    this.#allocationId = allocationId;
    this.#connection = connection;
    this.#environment = environment;
    this.limits = {
      requestAlignment: info.minBlock,
      maxTransfer: info.maxBlock,
      maxZero: MAX_WITHOUT_DATA,
      maxDiscard: MAX_WITHOUT_DATA,
    };
    if (this.#can(ExportFlag.sendWriteZeroes)) this.writeZeroes = this.#writeZeroes;
    if (this.#can(ExportFlag.sendTrim)) this.discard = this.#discard;
    if (this.#can(ExportFlag.sendFlush)) this.flush = this.#flush;
    if (allocationId !== undefined) this.blockStatus = this.#blockStatus;
  }

  length(): number {
    return this.#size;
  }

  /** The server's disk may end inside the last sector; what is beyond reads as zeroes. */
  async read(offset: number, buffer: Uint8Array): Promise<void> {
    const length = this.#inside(offset, buffer.length);
    buffer.fill(0, length);
    if (length === 0) return;
    await this.#request({ type: Command.read, offset, length, target: buffer.subarray(0, length) });
  }

  /** Beyond the end of the server's disk only zeroes can be written. */
  async write(offset: number, data: Uint8Array): Promise<void> {
    const length = this.#inside(offset, data.length);
    if (data.subarray(length).some((byte) => byte !== 0)) throw new IoError('ENOSPC');
    if (length > 0)
      await this.#request({ type: Command.write, offset, length, data: data.subarray(0, length) });
  }

  readonly #writeZeroes = async (at: number, size: number, flags: ZeroFlags): Promise<void> => {
    const length = this.#inside(at, size);
    const hole = flags.mayUnmap ? 0 : CommandFlag.noHole;
    const fua = flags.fua && this.#can(ExportFlag.sendFua) ? CommandFlag.fua : 0;
    if (length > 0) await this.#request({ type: Command.writeZeroes, flags: hole | fua, offset: at, length });
  };

  readonly #discard = async (offset: number, size: number): Promise<void> => {
    const length = this.#inside(offset, size);
    if (length > 0) await this.#request({ type: Command.trim, offset, length });
  };

  readonly #flush = async (): Promise<void> => {
    await this.#request({ type: Command.flush, offset: 0, length: 0 });
  };

  readonly #blockStatus = async (offset: number, asked: number): Promise<BlockStatus> => {
    const unit = this.limits.requestAlignment;
    const start = Math.floor(offset / unit) * unit;
    const end = Math.ceil(Math.min(offset + asked, start + MAX_WITHOUT_DATA) / unit) * unit;
    const length = this.#inside(start, end - start);
    if (start + length <= offset) return { length: asked, zero: true, allocated: true };
    const flags = CommandFlag.reqOne;
    const { status } = await this.#request({ type: Command.blockStatus, flags, offset: start, length });
    const first = status?.contextId === this.#allocationId ? status?.extents[0] : undefined;
    // A server may say nothing of use, and an extent may end before the bytes that were asked about.
    if (first === undefined || start + first.length <= offset)
      return { length: Math.min(asked, unit), zero: false, allocated: true };
    return {
      length: Math.min(asked, start + first.length - offset),
      zero: (first.flags & StateFlag.zero) !== 0,
      // Also a hole is this disk's own.
      allocated: true,
    };
  };

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  #can(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  #inside(offset: number, length: number): number {
    return Math.max(0, Math.min(length, this.#size - offset));
  }

  #request(...request: Parameters<Connection['request']>) {
    return this.#environment.hostWork.trackPeer(() => this.#connection.request(...request));
  }
}

/** The client side of NBD: a disk that a server exports. */
export const nbd: Driver<'nbd'> = {
  kind: 'protocol',
  children: {},
  protocols,
  parseFilename,
  former,
  readAlone: ['server'],
  filenameExcludes: ['server', 'export'],
  plainFilename: uri,
  open,
};
