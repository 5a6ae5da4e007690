/** NBD over TLS: a node over a server that asks for it. */
import type { CaseContext, CaseDefinition } from './case.ts';
import { objectArguments } from './helpers/made-objects.ts';
import { nodeBytes, openIo } from './helpers/node-io.ts';
import { type Certificate, selfSigned } from './helpers/peers/certificate.ts';
import { startNbdPeer } from './helpers/peers/nbd-peer.ts';
import { checkAbsent, KiB, makeDirectory, makeFileIn, needs, nodeCommands } from './helpers/shared-setup.ts';

const SIZE = 64 * KiB;
const X509 = 'tls-creds-x509';

/** Makes a client's credentials that trust `certificate`. Gives their id. */
async function trusting(t: CaseContext, certificate: Certificate): Promise<string> {
  const id = t.name('creds');
  const folder = await makeDirectory(t);
  await makeFileIn(folder, 'ca-cert.pem', certificate.cert);
  // A certificate that signs itself is not what the check of the files wants.
  const props = { dir: folder.path, endpoint: 'client', 'sanity-check': false };
  await t.execute('object-add', objectArguments(t, X509, id, props));
  return id;
}

const overTls = needs(nodeCommands, {
  ...nodeBytes,
  commands: ['object-add'],
  drivers: ['nbd'],
  capabilities: ['sharedFiles'],
  objects: [X509],
});

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
];
