/**
 * From the name of a server and a folder to calls about files in it:
 *
 * 1. the port mapper tells where MOUNT is (RFC 1833), and where NFS
 * 2. MOUNT gives the handle of the folder (RFC 1813, appendix I)
 * 3. NFS tells how much it takes at once
 *
 * QEMU never tells a server that it is done with a folder, nor is that done here: nothing follows from it.
 */
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { Waiting } from '../../host/patience.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { type CallSizes, type Handle, NfsClient } from './nfs-client.ts';
import {
  MAX_HANDLE,
  MountCall,
  mountStatusText,
  PORTMAP_PORT,
  PortmapCall,
  PROTOCOL_TCP,
  Program,
  type ProgramId,
} from './nfs-protocol.ts';
import { ConnectionLost, RpcConnection, systemCredentials } from './rpc-connection.ts';
import { RpcSession } from './rpc-session.ts';
import { text, words, type XdrReader } from './xdr.ts';

/** Where a folder is, and who asks for it. */
export interface Place extends Waiting {
  readonly host: string;
  readonly folder: string;
  readonly user: number;
  readonly group: number;
  readonly log: (line: string) => void;
}

/** A folder that was mounted. */
export interface Mount {
  readonly client: NfsClient;
  readonly root: Handle;
  readonly sizes: CallSizes;
}

/** Throws `CommandError`. */
export async function mount(place: Place): Promise<Mount> {
  const address = await resolveHost(place.host);
  const credentials = systemCredentials(hostname(), place.user, place.group);
  let client: NfsClient | undefined;
  try {
    const services = new Services(address, place, credentials);
    const root = await services.mountFolder();
    const port = await services.find(Program.nfs);
    client = new NfsClient(await RpcSession.open({ ...place, host: address, port }), credentials);
    return { client, root, sizes: await client.sizes(root, place.folder) };
  } catch (error) {
    client?.close();
    const reason =
      error instanceof ConnectionLost ? 'nfs_service failed' : `mount_cb: ${(error as Error).message}`;
    throw new CommandError(`Failed to mount nfs share: ${reason}`);
  }
}

async function resolveHost(host: string): Promise<string> {
  const found = host === '' ? undefined : await lookup(host).catch(() => undefined);
  if (found) return found.address;
  const reason = `Invalid address:${host}. Can not resolv into IPv4/v6 structure.`;
  throw new CommandError(
    `Failed to mount nfs share: nfs_mount_async failed. Failed to start connection. Failed to start connection. ${reason}`,
  );
}

/** Services that are asked once. */
class Services {
  readonly #address: string;
  readonly #place: Place;
  readonly #credentials: Buffer;

  constructor(address: string, place: Place, credentials: Buffer) {
    this.#address = address;
    this.#place = place;
    this.#credentials = credentials;
  }

  /** The port of a service. */
  async find(program: ProgramId): Promise<number> {
    const args = words(program.number, program.version, PROTOCOL_TCP, 0);
    const port = (await this.#ask(PORTMAP_PORT, Program.portmap, PortmapCall.getPort, args)).uint32();
    if (port === 0) throw new Error(`RPC error. Program is not available on ${this.#place.host}`);
    return port;
  }

  async mountFolder(): Promise<Handle> {
    const port = await this.find(Program.mount);
    const reply = await this.#ask(port, Program.mount, MountCall.mount, text(this.#place.folder));
    const status = reply.uint32();
    if (status !== 0) throw new Error(`RPC error: Mount failed with error ${mountStatusText(status)}`);
    return reply.opaque(MAX_HANDLE);
  }

  /** On a connection of its own. */
  async #ask(port: number, program: ProgramId, procedure: number, args: Buffer): Promise<XdrReader> {
    const { clock, hostWork } = this.#place;
    const { signal } = new AbortController();
    const where = { host: this.#address, port, clock, hostWork, signal };
    const connection = await RpcConnection.open(where);
    try {
      return await connection.call({ program, procedure, credentials: this.#credentials, args: [args] });
    } finally {
      connection.close();
    }
  }
}
