/** Socket addresses at their bounds: which may be listened at and connected to, and who is served there. */
import { createServer, type NetConnectOpts } from 'node:net';
import { basename, join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { remoteNodes } from './drivers/network/remote-nodes.ts';
import { nbdServer, startNbdServer } from './helpers/node-io.ts';
import { type Listening, listen } from './helpers/peers/listening.ts';
import { startNbdPeer } from './helpers/peers/nbd-peer.ts';
import { greetingAt } from './helpers/peers/nbd-visitor.ts';
import { checkAbsent, needs, nodeInfo, virtualSize } from './helpers/shared-setup.ts';

/** A local socket's name may have so many bytes. */
const LONGEST = 108;

/** A port of the loopback address that nobody listens at, as far as can be known. */
async function freePort(t: CaseContext): Promise<number> {
  const { port, stop } = await listen(t, createServer());
  await stop();
  return port;
}

/** Three ports in a row at which somebody listens. */
async function portsInARow(t: CaseContext): Promise<readonly Listening[]> {
  for (let tries = 0; tries < 20; tries += 1) {
    const first = await listen(t, createServer());
    const after = (port: number) =>
      listen(t, createServer(), { host: '127.0.0.1', port }).catch(() => undefined);
    const row = [first, await after(first.port + 1), await after(first.port + 2)];
    if (row.every((one) => one !== undefined)) return row;
    for (const one of row) await one?.stop();
  }
  return t.skip('needs three ports in a row that are free');
}

/** Whether an NBD server greets at that address. */
const greets = async (where: NetConnectOpts): Promise<boolean> => (await greetingAt(where)) === 'NBDMAGIC';

const start = (data: JsonObject, type = 'inet'): JsonObject => ({ addr: { type, data } });

export const listeningAddresses: readonly CaseDefinition[] = [
  {
    id: 'SocketAddress/ports',
    title:
      'What is no port is refused; a range may begin with its only free port, and must not end before it begins',
    requirements: ['SocketAddress/inet', 'SocketAddress/to'],
    needs: nbdServer,
    async run(t: CaseContext) {
      const host = '127.0.0.1';
      for (const port of ['nonsense', '12x', '-1', '1.5', ' '])
        await t.refused('nbd-server-start', start({ host, port }));
      const { port: taken } = await listen(t, createServer());
      const port = await freePort(t);
      const on = (first: number, more: JsonObject = {}) => start({ host, port: String(first), ...more });
      await t.refused('nbd-server-start', on(taken, { to: taken }));
      await t.refused('nbd-server-start', on(port, { to: port - 1 }));
      await t.refused('nbd-server-start', on(taken, { to: taken - 1 }));
      for (const more of [{}, { to: port }, { to: port + 5 }]) {
        await t.execute('nbd-server-start', on(port, more));
        t.check(
          await greets({ host, port }),
          'the first port of a range must be taken if it is free',
          'it is not',
        );
        await t.execute('nbd-server-stop');
      }
      t.check(!(await greets({ host, port })), 'a server that was stopped must not be reached', 'it is');
    },
  },
  {
    id: 'SocketAddress/only-free-port',
    title: 'A server listens on the only free port of a range, be it in the middle or the last',
    requirements: ['SocketAddress/to'],
    needs: nbdServer,
    async run(t: CaseContext) {
      const host = '127.0.0.1';
      const [first, middle, last] = await portsInARow(t);
      const range = start({ host, port: String(first!.port), to: last!.port });
      await t.refused('nbd-server-start', range);
      for (const { port, stop } of [middle!, last!]) {
        await stop();
        await t.execute('nbd-server-start', range);
        t.check(await greets({ host, port }), 'a server must be reached at the only free port', 'it is not');
        await t.execute('nbd-server-stop');
        await listen(t, createServer(), { host, port });
      }
    },
  },
  {
    id: 'SocketAddress/path-length',
    title: 'The name of a local socket may have 108 bytes; one of 109 is refused, to listen and to connect',
    requirements: ['SocketAddress/unix'],
    needs: needs(remoteNodes('nbd'), nbdServer),
    async run(t: CaseContext) {
      const room = LONGEST - `${t.dir}/`.length;
      if (room < 1 || t.dir !== t.scratch) t.skip('needs a scratch folder with a short name');
      const [fits, tooLong] = ['s'.repeat(room), 's'.repeat(room + 1)].map((name) => join(t.dir, name));
      await t.refused('nbd-server-start', start({ path: tooLong! }, 'unix'));
      const node = t.name('nbd');
      const open = (path: string) => ({ driver: 'nbd', 'node-name': node, server: { type: 'unix', path } });
      await t.refused('blockdev-add', open(tooLong!));
      await checkAbsent(t, node);
      await t.execute('nbd-server-start', start({ path: fits! }, 'unix'));
      t.check(await greets({ path: fits! }), 'a server must be reached by the longest name', 'it is not');
      await t.execute('nbd-server-stop');
      await t.refused('blockdev-add', open(fits!));
    },
  },
  {
    id: 'SocketAddress/relative-path',
    title: 'Relative paths of local sockets are those of the folder in which the endpoint was started',
    requirements: ['SocketAddress/unix'],
    needs: needs(remoteNodes('nbd'), nbdServer, { capabilities: ['owned'] }),
    async run(t: CaseContext) {
      if (t.dir !== t.scratch) t.skip('needs an endpoint that runs in the scratch folder');
      const path = t.name('socket');
      await t.execute('nbd-server-start', start({ path }, 'unix'));
      t.check(await greets({ path: join(t.scratch, path) }), 'a server must be reached there', 'it is not');
      const peer = await startNbdPeer(t, { '': { data: Buffer.alloc(4096) } });
      const node = t.name('nbd');
      const server = { type: 'unix', path: basename(String(peer.address.path)) };
      await t.execute('blockdev-add', { driver: 'nbd', 'node-name': node, server });
      t.equal(await virtualSize(t, node), 4096, 'a client must come to the server there');
    },
  },
  {
    id: 'SocketAddress/left-behind',
    title:
      'A server takes the place of a socket that an earlier one left, and leaves none when it is stopped',
    requirements: ['SocketAddress/unix'],
    needs: nbdServer,
    async run(t: CaseContext) {
      const { path, local } = await startNbdServer(t);
      t.check(await greets({ path: local }), 'a server must be reached at its socket', 'it is not');
      await t.execute('nbd-server-stop');
      t.check(
        !(await greets({ path: local })),
        'nobody must be reached where a server was stopped',
        'somebody is',
      );
      for (let round = 0; round < 2; round += 1) {
        await t.execute('nbd-server-start', start({ path }, 'unix'));
        t.check(await greets({ path: local }), 'a server must be reached where one was before', 'it is not');
        await t.execute('nbd-server-stop');
      }
    },
  },
  {
    id: 'SocketAddress/connecting',
    title:
      'A client connects to a host by its number or by its name; what is no port, or no version of IP, is refused',
    requirements: ['SocketAddress/inet', 'SocketAddress/ip-versions', 'SocketAddress/numeric'],
    needs: remoteNodes('nbd'),
    async run(t: CaseContext) {
      const { port } = await startNbdPeer(t, { '': { data: Buffer.alloc(4096) } }, 'inet');
      const node = t.name('nbd');
      const open = (server: JsonObject) => ({
        driver: 'nbd',
        'node-name': node,
        server: { type: 'inet', host: '127.0.0.1', port: String(port), ...server },
      });
      for (const wrong of [{ port: 'nonsense' }, { ipv4: false, ipv6: false }])
        await t.refused('blockdev-add', open(wrong));
      await checkAbsent(t, node);
      for (const right of [
        {},
        { ipv4: true },
        { ipv6: false },
        { host: 'localhost' },
        { host: 'localhost', ipv4: true },
        { numeric: true },
      ]) {
        await t.execute('blockdev-add', open(right));
        await nodeInfo(t, node);
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
];
