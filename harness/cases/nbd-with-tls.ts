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

export const nbdWithTls: readonly CaseDefinition[] = [
  {
    id: 'nbd/tls',
    title: 'A server that asks for TLS is used by a node with credentials for it, and by no other',
    requirements: ['nbd/tls-creds', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(nodeCommands, {
      ...nodeBytes,
      commands: ['object-add'],
      drivers: ['nbd'],
      capabilities: ['sharedFiles'],
      objects: [X509],
    }),
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
];
