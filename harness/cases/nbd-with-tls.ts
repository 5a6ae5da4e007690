/** NBD over TLS: a node over a server that asks for it. */
import { createServer, type Socket } from 'node:net';
import type { CaseContext, CaseDefinition } from './case.ts';
import { addCredentials, credentialsFolder, X509 } from './helpers/made-credentials.ts';
import { objectArguments } from './helpers/made-objects.ts';
import { nodeBytes, openIo } from './helpers/node-io.ts';
import { Arrivals } from './helpers/peers/arrivals.ts';
import { type Certificate, selfSigned } from './helpers/peers/certificate.ts';
import { listen } from './helpers/peers/listening.ts';
import { OptionReply } from './helpers/peers/nbd-numbers.ts';
import { GREETING, optionReply, startNbdPeer } from './helpers/peers/nbd-peer.ts';
import { checkAbsent, KiB, needs, nodeCommands } from './helpers/shared-setup.ts';

const SIZE = 64 * KiB;

/** Makes a client's credentials that trust `certificate`. Gives their id. */
async function trusting(
  t: CaseContext,
  certificate: Certificate,
  more: Readonly<Record<string, boolean>> = {},
): Promise<string> {
  const folder = await credentialsFolder(t, certificate);
  return addCredentials(t, folder, { endpoint: 'client', ...more });
}

const overTls = needs(nodeCommands, {
  ...nodeBytes,
  commands: ['object-add'],
  drivers: ['nbd'],
  capabilities: ['sharedFiles'],
  objects: [X509],
});

/** Talks to a client until it has asked for TLS and is told to begin. */
async function grantTls(socket: Socket): Promise<void> {
  const inbox = new Arrivals(socket);
  socket.write(GREETING);
  await inbox.take(4);
  const head = await inbox.take(16);
  await inbox.take(head.readUInt32BE(12));
  socket.write(optionReply(head.readUInt32BE(8), OptionReply.ack));
}

export const nbdWithTls: readonly CaseDefinition[] = [
  {
    id: 'nbd/tls',
    title: 'A server that asks for TLS is used by a node with credentials for it, and by no other',
    requirements: ['nbd/tls-creds', 'blockdev-add/failure-leaves-nothing'],
    needs: overTls,
    async run(t: CaseContext) {
      const [good, other] = [await selfSigned(t), await selfSigned(t)];
      const data = Buffer.alloc(SIZE, 5);
      const peer = await startNbdPeer(t, { '': { data } }, 'inet', { certificate: good });
      const node = t.name('nbd');
      const definition = { driver: 'nbd', 'node-name': node, server: peer.address };
      const strange = await trusting(t, other);
      for (const creds of [{}, { 'tls-creds': strange }])
        await t.refused('blockdev-add', { ...definition, ...creds });
      await checkAbsent(t, node);
      t.equal(peer.asked.length, 0, 'the endpoint must ask for no export without TLS');
      const trusted = await trusting(t, good);
      const plain = await startNbdPeer(t, { '': { data } });
      await t.refused('blockdev-add', { ...definition, server: plain.address, 'tls-creds': trusted });
      await checkAbsent(t, node);
      t.equal(plain.asked.length, 0, 'a server that knows no TLS must be asked for no export');
      await t.execute('blockdev-add', { ...definition, 'tls-creds': trusted });
      const guest = await openIo(t, node);
      await guest.perform({ kind: 'write', offset: 4096, length: 512, byte: 7 });
      const expected = Buffer.alloc(SIZE, 5).fill(7, 4096, 4608);
      t.check(
        (await guest.read(0, SIZE)).equals(expected) && data.equals(expected),
        'what is written must reach the server, and be read from it',
        'it does not',
      );
      await guest.close();
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'nbd/nothing-ahead-of-tls',
    title: 'A server that sends a byte too many ahead of TLS is used by no node, and the same without it is',
    requirements: ['nbd/tls-creds', 'blockdev-add/failure-leaves-nothing'],
    needs: overTls,
    async run(t: CaseContext) {
      const certificate = await selfSigned(t);
      const creds = await trusting(t, certificate);
      const node = t.name('nbd');
      for (const ahead of [1, 0]) {
        let left = ahead;
        /** The first reply to an option is that TLS may begin. */
        const spoil = (kind: string, message: Buffer): Buffer => {
          const more = kind === 'option' ? left : 0;
          left -= more;
          return Buffer.concat([message, Buffer.alloc(more, 0x16)]);
        };
        const exports = { '': { data: Buffer.alloc(SIZE) } };
        const peer = await startNbdPeer(t, exports, 'inet', { certificate, spoil });
        const definition = { driver: 'nbd', 'node-name': node, server: peer.address, 'tls-creds': creds };
        if (ahead === 0) await t.execute('blockdev-add', definition);
        else {
          await t.refused('blockdev-add', definition);
          await checkAbsent(t, node);
          t.equal(peer.asked.length, 0, 'the endpoint must ask for no export of such a server');
        }
      }
    },
  },
  {
    id: 'nbd/tls-cut-short',
    title:
      'A server that grants TLS and hangs up, or says something else then, is used by no node; nothing waits for it',
    requirements: ['nbd/tls-creds', 'blockdev-add/failure-leaves-nothing'],
    needs: overTls,
    async run(t: CaseContext) {
      const certificate = await selfSigned(t);
      const creds = await trusting(t, certificate);
      const node = t.name('nbd');
      for (const last of [Buffer.alloc(0), Buffer.alloc(100, 0x41)]) {
        const rude = await listen(
          t,
          createServer((socket) => {
            grantTls(socket)
              .then(() => socket.end(last))
              .catch(() => socket.destroy());
          }),
        );
        const server = { type: 'inet', host: '127.0.0.1', port: String(rude.port) };
        await t.refused('blockdev-add', { driver: 'nbd', 'node-name': node, server, 'tls-creds': creds });
        await checkAbsent(t, node);
      }
      const peer = await startNbdPeer(t, { '': { data: Buffer.alloc(SIZE) } }, 'inet', { certificate });
      await t.execute('blockdev-add', {
        driver: 'nbd',
        'node-name': node,
        server: peer.address,
        'tls-creds': creds,
      });
    },
  },
  {
    id: 'nbd/tls-any-server',
    title:
      'A client that does not verify its peer uses a server of whatever authority; by default and else it does not',
    requirements: ['nbd/tls-creds', 'blockdev-add/failure-leaves-nothing'],
    needs: overTls,
    async run(t: CaseContext) {
      const [own, other] = [await selfSigned(t), await selfSigned(t)];
      const manners = { certificate: own };
      const peer = await startNbdPeer(t, { '': { data: Buffer.alloc(SIZE) } }, 'inet', manners);
      const node = t.name('nbd');
      const definition = { driver: 'nbd', 'node-name': node, server: peer.address };
      const wary = await trusting(t, other, { 'verify-peer': true });
      await t.refused('blockdev-add', { ...definition, 'tls-creds': wary });
      const secret = t.name('secret');
      await t.execute('object-add', objectArguments(t, 'secret', secret, { data: 'x' }));
      for (const creds of [secret, 'none'])
        await t.refused('blockdev-add', { ...definition, 'tls-creds': creds });
      await checkAbsent(t, node);
      const careless = await trusting(t, other, { 'verify-peer': false });
      await t.execute('blockdev-add', { ...definition, 'tls-creds': careless });
    },
  },
];
