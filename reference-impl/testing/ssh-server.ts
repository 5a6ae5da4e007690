/**
 * OpenSSH's server for tests: with keys, settings and an agent of its own, a process for each client, which runs as whoever
 * runs the test. Nothing of it outlives `stop`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import { run, startServer, stopServer, whyMissing } from './external-programs.ts';

const SSHD = '/usr/sbin/sshd';
/** Where the server wants an empty folder if it runs as root. */
const PRIVILEGE_SEPARATION = '/run/sshd';

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';
const KEY_TYPES: readonly KeyType[] = ['ed25519', 'ecdsa', 'rsa'];

/** Why tests on it must be skipped; undefined if they need not. */
export const whyNoSshServer = whyMissing([SSHD, 'ssh-keygen', 'ssh-agent', 'ssh-add'], 'ssh');

/** A server that listens. */
export interface SshServer {
  readonly port: number;
  /** For its files. */
  readonly folder: string;
  /** `server` of blockdev-add. */
  readonly address: { readonly host: string; readonly port: string };
  /** Options of a node over a file of the folder, with no look at the key. */
  file(name: string, options?: JsonObject): JsonObject;
  /** The line of a public key of the host: its type, and the key in base64. */
  hostKey(type: KeyType): Promise<string>;
  /** Further lines of its settings, for clients to come. */
  configure(...lines: readonly string[]): Promise<void>;
  /** Kills the processes that serve clients. */
  killClients(): Promise<void>;
  /** Clients that are being served. */
  readonly clients: number;
  stop(): Promise<void>;
}

/** `keys`: the types of keys that the host has. */
export async function startSshServer(keys: readonly KeyType[] = KEY_TYPES): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-ssh-'));
  const at = (name: string): string => join(folder, name);
  for (const type of keys) await makeKey(at(`host_${type}`), type);
  await makeKey(at('identity'), 'ed25519');
  await copyFile(at('identity.pub'), at('authorized'));
  if (userInfo().uid === 0) mkdirSync(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 });
  const settings = [
    ...keys.map((type) => `HostKey ${at(`host_${type}`)}`),
    `AuthorizedKeysFile ${at('authorized')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
  ];
  const configure = (...lines: readonly string[]): Promise<void> =>
    writeFile(at('settings'), [...lines, ...settings, 'Subsystem sftp internal-sftp', ''].join('\n'));
  await configure();
  const agent = await startServer(at('agent'), 'ssh-agent', '-D', '-a', at('agent'));
  const agentBefore = process.env.SSH_AUTH_SOCK;
  process.env.SSH_AUTH_SOCK = at('agent');
  await run('ssh-add', '-q', at('identity'));

  const serving = new Set<ChildProcess>();
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    const child = spawn(SSHD, ['-i', '-e', '-f', at('settings')], {
      stdio: [socket, socket, 'ignore'],
      detached: true,
    });
    serving.add(child);
    child.once('exit', () => serving.delete(child));
    child.once('spawn', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const address = { host: '127.0.0.1', port: String(port) };
  const killClients = async (): Promise<void> => {
    await Promise.all([...serving].map(killGroup));
  };
  return {
    port,
    folder,
    address,
    file: (name, options = { 'host-key-check': { mode: 'none' } }) => ({
      driver: 'ssh',
      server: address,
      path: at(name),
      ...options,
    }),
    hostKey: async (type) =>
      (await readFile(at(`host_${type}.pub`), 'utf8')).split(' ').slice(0, 2).join(' '),
    configure,
    killClients,
    get clients() {
      return serving.size;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await killClients();
      await Promise.all([closed, stopServer(agent)]);
      if (agentBefore === undefined) delete process.env.SSH_AUTH_SOCK;
      else process.env.SSH_AUTH_SOCK = agentBefore;
      await rm(folder, { recursive: true });
    },
  };
}

async function makeKey(path: string, type: KeyType): Promise<void> {
  await run('ssh-keygen', '-q', '-N', '', '-t', type, '-f', path);
}

/** With the processes that it has made to serve its client. */
async function killGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid!, 'SIGKILL');
  await gone;
}
