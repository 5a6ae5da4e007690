/** Every transport against the contract, connecting and listening. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ptyUnavailable } from '../testing/engines.ts';
import { type TransportPair, transportContract } from '../testing/transport-contract.ts';
import { parseAddress } from './address.ts';
import type { TransportOptions } from './address-kind.ts';
import { memoryPair } from './memory.ts';
import { connectPipes } from './pipe.ts';
import { connectPts } from './pts.ts';
import { spawnPty } from './pty.ts';
import { stdioTransport } from './stdio.ts';
import { listenUnix } from './unix.ts';

const BRIDGE = fileURLToPath(new URL('../testing/bridge.mjs', import.meta.url));
const CERTIFICATE = fileURLToPath(new URL('testdata/cert.pem', import.meta.url));
const KEY = fileURLToPath(new URL('testdata/key.pem', import.meta.url));

const TLS: TransportOptions = { tls: { ca: CERTIFICATE, cert: CERTIFICATE, key: KEY } };

/** Connects through an address; the listener is the peer, or with `listening` the other way round. */
async function viaAddress(
  address: string,
  options: TransportOptions,
  listening: boolean,
): Promise<TransportPair> {
  const listener = (await parseAddress(`listen:${address}`, options).listen())!;
  const called = listener.accept();
  const caller = await parseAddress(listener.address, options).open();
  const accepted = await called;
  await listener.close();
  return listening ? { ours: accepted, peer: caller } : { ours: caller, peer: accepted };
}

async function inFolder(make: (folder: string) => Promise<TransportPair>): Promise<TransportPair> {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-transport-'));
  const pair = await make(folder);
  return {
    ...pair,
    release: async () => {
      await pair.release?.();
      await rm(folder, { recursive: true });
    },
  };
}

const stream = { halfClose: true, window: true };
const needsPty = { what: 'pty', unavailable: ptyUnavailable } as const;

transportContract({
  name: 'memory',
  connect: () => {
    const [ours, peer] = memoryPair();
    return Promise.resolve({ ours, peer });
  },
  halfClose: true,
  window: false,
});

for (const listening of [false, true]) {
  const role = listening ? 'listening' : 'connecting';
  transportContract({
    name: `unix, ${role}`,
    connect: () => inFolder((folder) => viaAddress(`unix:${join(folder, 'socket')}`, {}, listening)),
    ...stream,
  });
  transportContract({
    name: `tcp, ${role}`,
    connect: () => viaAddress('tcp:127.0.0.1:0', {}, listening),
    ...stream,
  });
  transportContract({
    name: `tls, ${role}`,
    connect: () => viaAddress('tls:127.0.0.1:0', TLS, listening),
    ...stream,
  });
  transportContract({
    name: `ws, ${role}`,
    connect: () => viaAddress('ws://127.0.0.1:0/', {}, listening),
    halfClose: false,
    window: true,
  });
  transportContract({
    name: `wss, ${role}`,
    connect: () => viaAddress('wss://127.0.0.1:0/qmp', TLS, listening),
    halfClose: false,
    window: true,
  });
}

transportContract({
  name: 'pipe',
  connect: () =>
    inFolder(async (folder) => {
      const path = join(folder, 'monitor');
      execFileSync('mkfifo', [`${path}.in`, `${path}.out`]);
      const [ours, peer] = await Promise.all([
        parseAddress(`pipe:${path}`).open(),
        connectPipes('endpoint', `${path}.in`, `${path}.out`),
      ]);
      return { ours, peer };
    }),
  ...stream,
});

transportContract({
  name: 'stdio',
  connect: () =>
    inFolder(async (folder) => {
      const listener = await listenUnix(join(folder, 'bridge'));
      const child = spawn(process.execPath, [BRIDGE, join(folder, 'bridge')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      const peer = await listener.accept();
      await listener.close();
      const release = async () => {
        child.kill();
        await exited;
      };
      return { ours: stdioTransport('stdio:bridge', child), peer, release };
    }),
  ...stream,
});

transportContract({
  name: 'pty',
  connect: () =>
    inFolder(async (folder) => {
      const listener = await listenUnix(join(folder, 'bridge'));
      const command = [process.execPath, BRIDGE, join(folder, 'bridge')];
      const child = await spawnPty({ name: 'pty:bridge', command, stderr: join(folder, 'stderr') });
      const peer = await listener.accept();
      await listener.close();
      const release = async () => {
        await child.exited;
      };
      return { ours: child.transport, peer, release };
    }),
  halfClose: false,
  window: true,
  needs: needsPty,
});

transportContract({
  name: 'pts',
  connect: () =>
    inFolder(async (folder) => {
      const note = join(folder, 'tty');
      const command = ['sh', '-c', 'tty >"$0.new"; mv "$0.new" "$0"; exec sleep 1000000', note];
      const child = await spawnPty({ name: 'pty:sleep', command });
      while (!existsSync(note)) await new Promise(setImmediate);
      const ours = await connectPts((await readFile(note, 'utf8')).trim());
      const release = async () => {
        await child.exited;
      };
      return { ours, peer: child.transport, release };
    }),
  halfClose: false,
  // The child that holds the terminal has it open too.
  hangUp: false,
  window: true,
  needs: needsPty,
});
