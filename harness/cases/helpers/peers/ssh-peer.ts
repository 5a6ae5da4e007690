/**
 * An SSH server of the case's own whose files are in memory, by SFTP. It lets everybody in without asking for a key, so that
 * the endpoint needs none; the case sees under which name.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { Connection, SFTPWrapper } from 'ssh2';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import { type Listening, listen } from './listening.ts';
import { type MemoryFile, writeAt } from './memory-file.ts';

/** Status codes and flags of SFTP, version 3. */
const Status = { ok: 0, end: 1, noSuchFile: 2, failure: 4 } as const;
const Open = { create: 8, truncate: 16 } as const;

/** A server that listens. */
export interface SshPeer extends Listening {
  /** `server` of blockdev-add. */
  readonly server: JsonObject;
  /** Of the file that it starts with. */
  readonly path: string;
  /** By path. */
  readonly files: Map<string, MemoryFile>;
  /** Names under which clients came in. */
  readonly users: readonly string[];
  /** True: reads and writes fail from now on. */
  fails: boolean;
  /** Digest of the host key, in hexadecimal. */
  digest(type: 'md5' | 'sha1'): string;
}

/** Starts a server on a port of the loopback address, with one file. Ends with the case; skips it without ssh2. */
export async function startSshPeer(t: CaseContext, data: Buffer): Promise<SshPeer> {
  // Endpoints that take it for a file of their own find nothing there, and do no harm.
  const path = `${t.dir}/${t.name('remote')}.img`;
  const ssh2 = await import('ssh2').catch(() => t.skip('needs the package ssh2 for a server'));
  const { Server, utils } = ssh2.default;
  // Of those by ed25519 one in 200 cannot be parsed.
  const hostKey = utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;
  const users: string[] = [];
  const files = new Map([[path, { data }]]);
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    // A client that leaves is no fault of the server.
    client.on('error', () => {});
    client.on('authentication', (attempt) => {
      users.push(attempt.username);
      attempt.accept();
    });
    client.on('ready', () => serve(client, peer));
  });
  const listening = await listen(
    t,
    createServer((socket) => server.injectSocket(socket)),
  );
  const parsed = utils.parseKey(hostKey);
  if (parsed instanceof Error) throw parsed;
  const peer: SshPeer = {
    ...listening,
    server: { host: '127.0.0.1', port: String(listening.port) },
    path,
    files,
    users,
    fails: false,
    digest: (type) => createHash(type).update(parsed.getPublicSSH()).digest('hex'),
  };
  return peer;
}

function serve(client: Connection, peer: SshPeer): void {
  client.on('session', (accept) => {
    accept().on('sftp', (acceptSftp) => serveFiles(acceptSftp(), peer));
  });
}

function serveFiles(sftp: SFTPWrapper, peer: SshPeer): void {
  const open = new Map<number, MemoryFile>();
  const fileAt = (handle: Buffer): MemoryFile | undefined => open.get(handle.readUInt32BE(0));
  const ok = (id: number): void => sftp.status(id, Status.ok);
  const attributes = (id: number, file: MemoryFile | undefined): void => {
    if (file === undefined) sftp.status(id, Status.noSuchFile);
    else sftp.attrs(id, { size: file.data.length, mode: 0o100644, uid: 0, gid: 0, atime: 0, mtime: 0 });
  };
  sftp.on('OPEN', (id, path, flags) => {
    if (!peer.files.has(path) && (flags & Open.create) !== 0) peer.files.set(path, { data: Buffer.alloc(0) });
    const file = peer.files.get(path);
    if (file === undefined) return sftp.status(id, Status.noSuchFile);
    if ((flags & Open.truncate) !== 0) file.data = Buffer.alloc(0);
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(open.size, 0);
    open.set(open.size, file);
    sftp.handle(id, handle);
  });
  sftp.on('STAT', (id, path) => attributes(id, peer.files.get(path)));
  sftp.on('LSTAT', (id, path) => attributes(id, peer.files.get(path)));
  sftp.on('FSTAT', (id, handle) => attributes(id, fileAt(handle)));
  sftp.on('READ', (id, handle, offset, length) => {
    const file = fileAt(handle);
    if (file === undefined || peer.fails) return sftp.status(id, Status.failure);
    const bytes = file.data.subarray(offset, offset + length);
    if (bytes.length === 0) sftp.status(id, Status.end);
    else sftp.data(id, bytes);
  });
  sftp.on('WRITE', (id, handle, offset, bytes) => {
    const file = fileAt(handle);
    if (file === undefined || peer.fails) return sftp.status(id, Status.failure);
    writeAt(file, offset, bytes);
    ok(id);
  });
  sftp.on('FSETSTAT', (id) => ok(id));
  sftp.on('EXTENDED', (id) => ok(id));
  sftp.on('CLOSE', (id) => ok(id));
}
