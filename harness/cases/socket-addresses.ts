/** Socket addresses: where the NBD server listens. */
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { nbdServer } from './helpers/node-io.ts';
import { startNbdPeer } from './helpers/peers/nbd-peer.ts';
import { greetingAt } from './helpers/peers/nbd-visitor.ts';

const LOOPBACK = '127.0.0.1';
/** Ports that a server may try behind the one that is taken. */
const PORTS = 20;

/** The server's command to listen on a port of the loopback address. */
const listen = (port: number, part: JsonObject = {}): JsonObject => ({
  addr: { type: 'inet', data: { host: LOOPBACK, port: String(port), ...part } },
});

/** The server must listen by each of the good addresses, and be refused with each of the others. */
async function judged(
  t: CaseContext,
  good: readonly JsonObject[],
  bad: readonly JsonObject[],
): Promise<void> {
  for (const part of bad) await t.refused('nbd-server-start', listen(0, part));
  for (const part of good) {
    await t.execute('nbd-server-start', listen(0, part));
    await t.execute('nbd-server-stop');
  }
}

/** Whether somebody listens on that port. */
async function isTaken(port: number): Promise<boolean> {
  const socket = connect({ host: LOOPBACK, port });
  const taken = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return taken;
}

export const socketAddresses: readonly CaseDefinition[] = [
  {
    id: 'SocketAddress/numeric',
    title: 'A host by name is looked up, unless the address says that it is numeric: then it is refused',
    requirements: ['SocketAddress/inet', 'SocketAddress/numeric'],
    needs: nbdServer,
    async run(t: CaseContext) {
      await judged(
        t,
        [{ numeric: true }, { host: 'localhost', numeric: false }, { host: 'localhost' }],
        [{ host: 'localhost', numeric: true }],
      );
    },
  },
  {
    id: 'SocketAddress/versions-of-ip',
    title:
      'A host is refused where the address wants none of its version of IP; IPv4 is taken where it wants it or says nothing',
    requirements: ['SocketAddress/ip-versions'],
    needs: nbdServer,
    async run(t: CaseContext) {
      await judged(
        t,
        [{}, { ipv4: true }, { ipv6: false }, { ipv4: true, ipv6: false }, { ipv4: true, ipv6: true }],
        [
          { ipv4: false },
          { ipv6: true },
          { ipv4: false, ipv6: true },
          { ipv4: false, ipv6: false },
          { host: '::1', ipv4: true },
          { host: '::1', ipv6: false },
          { host: '::1', ipv4: true, ipv6: false },
        ],
      );
    },
  },
  {
    id: 'SocketAddress/range',
    title: 'A server whose port is taken is refused, and with a range listens on another port of that',
    requirements: ['SocketAddress/to', 'SocketAddress/inet', 'nbd-server-start/serves'],
    needs: nbdServer,
    async run(t: CaseContext) {
      const { port: taken } = await startNbdPeer(t, {}, 'inet');
      const ports = Array.from({ length: PORTS }, (_, index) => taken + 1 + index);
      const free: number[] = [];
      for (const port of ports) if (!(await isTaken(port))) free.push(port);
      await t.refused('nbd-server-start', listen(taken));
      await t.execute('nbd-server-start', listen(taken, { to: ports.at(-1)! }));
      let greeting: string | null = null;
      for (const port of free) greeting ??= await greetingAt({ host: LOOPBACK, port });
      t.equal(greeting, 'NBDMAGIC', 'the server must greet on one of the free ports of the range');
      await t.execute('nbd-server-stop');
    },
  },
  {
    id: 'SocketAddress/left-over-socket',
    title: 'A server listens where a socket was left that nobody listens on any more, and serves there',
    requirements: ['SocketAddress/unix', 'nbd-server-start/serves'],
    needs: { ...nbdServer, capabilities: ['sharedFiles'] },
    async run(t: CaseContext) {
      const [name, moved] = [t.name('nbd'), t.name('moved')];
      const old = createServer();
      await once(old.listen(join(t.scratch, moved)), 'listening');
      // Where it stands under another name, the listener does not take it away with itself.
      await rename(join(t.scratch, moved), join(t.scratch, name));
      await once(old.close(), 'close');
      await t.execute('nbd-server-start', { addr: { type: 'unix', data: { path: `${t.dir}/${name}` } } });
      const greeting = await greetingAt({ path: join(t.scratch, name) });
      t.equal(greeting, 'NBDMAGIC', 'the server must greet where the socket was left');
      await t.execute('nbd-server-stop');
    },
  },
];
