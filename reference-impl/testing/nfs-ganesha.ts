/**
 * A real NFS server: nfs-ganesha, with rpcbind, in a network and a mount namespace of its own, so that neither meets one of the
 * host. What connects to an address of ours is handed on to it through local sockets, which know no namespaces.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { accepts, whyMissing } from './external-programs.ts';
import { ownAddress, whyNoNfs } from './nfs-server.ts';

const PORTS = [111, 2049, 20048] as const;
/** Between looks at a server that is starting. */
const RETRY_MS = 20;

/** Inside: hands on what comes by a local socket to the port of its name. */
const RELAY = `
const net = require('node:net');
for (const port of ${JSON.stringify(PORTS)}) net.createServer((from) => {
  const to = net.connect(port, '127.0.0.1');
  from.pipe(to).pipe(from);
  from.on('error', () => to.destroy()).on('close', () => to.destroy());
  to.on('error', () => from.destroy()).on('close', () => from.destroy());
}).listen(process.argv[1] + '/' + port);
`;

/** Inside: a loopback, folders of its own for what the services keep, then the services until the shell is told to end. */
const START = `
set -e
ip link set lo up
mount -t tmpfs none /run
mkdir -p /run/rpcbind /run/ganesha
mount --bind "$1/state" /var/lib/nfs
rpcbind -f &
node -e "$RELAY" "$1" &
until rpcinfo -p 127.0.0.1 >"$1/rpcinfo" 2>/dev/null; do sleep 0.05; done
exec ganesha.nfsd -F -f "$1/ganesha.conf" -L "$1/ganesha.log" -p "$1/ganesha.pid" -N EVENT
`;

const configuration = (folder: string): string => `
NFS_CORE_PARAM { Protocols = 3; NFS_Port = 2049; MNT_Port = 20048; Rquota_Port = 0; Enable_NLM = false; Enable_RQUOTA = false; }
NFSv4 { RecoveryBackend = fs; Graceless = true; }
EXPORT {
  Export_Id = 1; Path = ${folder}/export; Pseudo = /export; Protocols = 3; Transports = TCP;
  Access_Type = RW; Squash = No_Root_Squash; SecType = sys; FSAL { Name = VFS; }
}
`;

/** Why no such server can run here; undefined if one can. */
export async function whyNoGanesha(): Promise<string | undefined> {
  const missing = whyMissing(['ganesha.nfsd', 'rpcbind', 'rpcinfo', 'unshare', 'ip'], 'nfs');
  if (missing !== undefined) return missing;
  if (!(await mayOpenByHandle())) return 'nfs-ganesha needs the right to open files by handles';
  const shell = spawn('unshare', ['-mn', 'true'], { stdio: 'ignore' });
  const [status] = (await once(shell, 'exit')) as [number | null];
  if (status !== 0) return 'no network namespace can be made here';
  return whyNoNfs();
}

/** Whether the host lets this process do what it keeps for root (CAP_DAC_READ_SEARCH). */
async function mayOpenByHandle(): Promise<boolean> {
  const [, rights = '0'] = /^CapEff:\s*(\w+)/m.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
  return (BigInt(`0x${rights}`) & 4n) !== 0n;
}

/** It exports the folder `export` in its own. */
export class Ganesha {
  readonly host = ownAddress();
  /** On the server as here. */
  readonly path: string;
  readonly #folder: string;
  readonly #sockets = new Set<net.Socket>();
  readonly #servers: net.Server[] = [];
  #shell: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, 'export');
  }

  /** Resolves when it serves. Everything of it is in `folder`. */
  static async start(folder: string): Promise<Ganesha> {
    const server = new Ganesha(folder);
    for (const name of ['export', 'state']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'ganesha.conf'), configuration(folder));
    await server.begin();
    for (const port of PORTS) server.#servers.push(await server.#relay(port));
    return server;
  }

  /** Starts the server, also again after `kill`. */
  async begin(): Promise<void> {
    const args = [
      '-mnpf',
      '--kill-child',
      '--propagation',
      'private',
      'bash',
      '-c',
      START,
      'bash',
      this.#folder,
    ];
    const env = { ...process.env, RELAY };
    const shell = spawn('unshare', args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    this.#shell = shell;
    let lastWords = '';
    shell.stderr.on('data', (text: Buffer) => {
      lastWords = (lastWords + text.toString()).slice(-2000);
    });
    while (!(await this.#serves())) {
      if (shell.exitCode !== null) throw new Error(`nfs-ganesha ended: ${lastWords}${await this.#log()}`);
      await setTimeout(RETRY_MS);
    }
  }

  /** Whether it serves, and can be reached. */
  async #serves(): Promise<boolean> {
    if (!(await this.#log()).includes('NFS SERVER INITIALIZED')) return false;
    const reached = await Promise.all(PORTS.map((port) => accepts(join(this.#folder, String(port)))));
    return reached.every((each) => each);
  }

  /** What it has told of itself so far. */
  #log(): Promise<string> {
    return readFile(join(this.#folder, 'ganesha.log'), 'utf8').catch(() => '');
  }

  #relay(port: number): Promise<net.Server> {
    const server = net.createServer((from) => {
      const to = net.connect(join(this.#folder, String(port)));
      from.pipe(to).pipe(from);
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
    return new Promise((done, fail) => {
      server.once('error', fail);
      server.listen(port, this.host, () => done(server));
    });
  }

  /** Ends it on the spot, with what is in flight. */
  async kill(): Promise<void> {
    const shell = this.#shell;
    if (!shell || shell.exitCode !== null || shell.signalCode !== null) return;
    const gone = once(shell, 'exit');
    // The first process of the namespace takes all others with it, and who waits for it comes to know.
    const first = await readFile(`/proc/${shell.pid}/task/${shell.pid}/children`, 'utf8');
    process.kill(Number(first), 'SIGKILL');
    await gone;
    for (const socket of this.#sockets) socket.destroy();
    for (const name of ['ganesha.log', ...PORTS]) await rm(join(this.#folder, String(name)), { force: true });
  }

  async stop(): Promise<void> {
    await this.kill();
    for (const server of this.#servers) server.close();
  }
}
