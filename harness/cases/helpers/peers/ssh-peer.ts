/**
 * An SSH server of the case's own whose files are in memory, by SFTP. It lets everybody in without asking for a key, so that
 * the endpoint needs none; the case sees under which name.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { Connection } from 'ssh2';
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import { type Listening, listen } from './listening.ts';
import { type SftpShare, serveFiles } from './sftp-files.ts';

/** A server that listens. */
export interface SshPeer extends Listening, SftpShare {
  /** `server` of blockdev-add. */
  readonly server: JsonObject;
  /** Of the file that it starts with. */
  readonly path: string;
  /** Names under which clients came in. */
  readonly users: readonly string[];
  /** Digest of the host key, in hexadecimal. */
  digest(type: 'md5' | 'sha1'): string;
}

/** Starts a server on a port of the loopback address, with one file. Ends with the case. */
export async function startSshPeer(t: CaseContext, data: Buffer): Promise<SshPeer> {
  // Endpoints that take it for a file of their own find nothing there, and do no harm.
  const path = `${t.dir}/${t.name('remote')}.img`;
  const { Server, utils } = (await import('ssh2')).default;
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
    modes: new Map(),
    users,
    fails: false,
    ignores: undefined,
    mostRead: Number.POSITIVE_INFINITY,
    mayWrite: true,
    canSync: true,
    syncs: 0,
    digest: (type) => createHash(type).update(parsed.getPublicSSH()).digest('hex'),
  };
  return peer;
}

function serve(client: Connection, peer: SshPeer): void {
  client.on('session', (accept) => {
    accept().on('subsystem', (acceptSubsystem, reject, { name }) => {
      if (name === 'sftp') serveFiles(acceptSubsystem(), peer);
      else reject();
    });
  });
}
