/** An NBD server with TLS credentials: what it says before TLS and behind it, and whom it lets in. */
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addCredentials, credentialsFolder, credentialsFrom, X509 } from '../helpers/made-credentials.ts';
import { objectArguments } from '../helpers/made-objects.ts';
import { nbdExports } from '../helpers/node-io.ts';
import { selfSigned } from '../helpers/peers/certificate.ts';
import { NbdOption, OptionReply as Reply } from '../helpers/peers/nbd-numbers.ts';
import { infoRequest, NbdVisitor } from '../helpers/peers/nbd-visitor.ts';
import { addRaw, fileNodes, needs } from '../helpers/shared-setup.ts';
import { pattern } from './exports.ts';

const NOTHING = Buffer.alloc(0);
const GO = infoRequest('disk');

const overTls = needs(fileNodes, nbdExports, { commands: ['object-add'], objects: [X509, 'secret'] });

function serverArguments(t: CaseContext, creds: string) {
  const name = t.name('nbd');
  const addr = { type: 'unix', data: { path: `${t.dir}/${name}` } };
  return { socket: join(t.scratch, name), start: { addr, 'tls-creds': creds } };
}

/** Starts the server with these credentials and an export `disk`, and gives its socket. */
async function serveOverTls(t: CaseContext, creds: string, node: string): Promise<string> {
  const { socket, start } = serverArguments(t, creds);
  await t.execute('nbd-server-start', start);
  await t.execute('nbd-server-add', { device: node, name: 'disk', writable: false });
  return socket;
}

/** A client that has asked for TLS, and goes on by it as these options say. */
async function securely(t: CaseContext, socket: string, options: ConnectionOptions): Promise<NbdVisitor> {
  const visitor = await NbdVisitor.open(t, socket);
  t.equal(
    (await visitor.option(NbdOption.startTls)).at(-1)?.type ?? null,
    Reply.ack,
    'TLS must be to be had',
  );
  await visitor.secure({ host: '127.0.0.1', ...options });
  return visitor;
}

async function checkServed(t: CaseContext, visitor: NbdVisitor): Promise<void> {
  t.equal(
    (await visitor.option(NbdOption.go, GO)).at(-1)?.type ?? null,
    Reply.ack,
    'the client must be let in',
  );
  const { data } = await visitor.request({ type: 0, offset: 512, length: 100_000 });
  t.check(
    data.equals(pattern().subarray(512, 100_512)),
    'it must read the bytes of the node',
    'it reads others',
  );
}

export const exportsOverTls: readonly CaseDefinition[] = [
  {
    id: 'nbd-export/tls-first',
    title:
      'With tls-creds the server answers nothing but a wish for TLS before TLS, and everything behind it',
    requirements: ['nbd-server-start/tls-creds'],
    needs: overTls,
    async run(t: CaseContext) {
      const [trusted, own] = [await selfSigned(t), await selfSigned(t)];
      const dir = await credentialsFolder(t, trusted, { server: own });
      const { name } = await addRaw(t, pattern());
      const creds = await addCredentials(t, dir, { endpoint: 'server', 'verify-peer': false });
      const socket = await serveOverTls(t, creds, name);
      const visitor = await NbdVisitor.open(t, socket);
      for (const [option, data] of [
        [NbdOption.go, GO],
        [NbdOption.info, GO],
        [NbdOption.list, NOTHING],
        [NbdOption.structured, NOTHING],
      ] as const)
        t.equal(
          (await visitor.option(option, data)).map(({ type }) => type),
          [Reply.tlsRequired],
          'without TLS an option must be refused as one that needs it',
        );
      t.equal(
        (await visitor.option(NbdOption.startTls)).map(({ type }) => type),
        [Reply.ack],
        'TLS must be granted without anything else',
      );
      await visitor.secure({ host: '127.0.0.1', ca: own.cert });
      t.equal(
        (await visitor.option(NbdOption.startTls)).at(-1)?.type ?? null,
        Reply.invalid,
        'TLS inside of TLS must be refused as invalid',
      );
      t.equal(
        (await visitor.option(NbdOption.list)).map(({ type }) => type),
        [Reply.server, Reply.ack],
        'behind TLS exports must be listed',
      );
      await checkServed(t, visitor);
      const old = await NbdVisitor.open(t, socket);
      old.say(NbdOption.exportName, Buffer.from('disk'));
      await old.checkEnds('the choice of an export without TLS');
    },
  },
  {
    id: 'nbd-export/tls-peers',
    title:
      'A client over TLS needs a certificate that the authority of the server signed, unless verify-peer is off',
    requirements: ['nbd-server-start/tls-creds'],
    needs: overTls,
    async run(t: CaseContext) {
      const [trusted, own, stranger] = [await selfSigned(t), await selfSigned(t), await selfSigned(t)];
      const dir = await credentialsFolder(t, trusted, { server: own });
      const { name } = await addRaw(t, pattern());
      const ca = own.cert;
      for (const [props, anyone] of [
        [{ endpoint: 'server' }, false],
        [{ endpoint: 'server', 'verify-peer': false }, true],
      ] as const) {
        const socket = await serveOverTls(t, await addCredentials(t, dir, props), name);
        for (const options of [{ ca }, { ca, cert: stranger.cert, key: stranger.key }]) {
          const visitor = await securely(t, socket, options);
          if (anyone) await checkServed(t, visitor);
          else {
            visitor.say(NbdOption.go, GO);
            await visitor.checkEnds('a client without a certificate that it trusts');
          }
        }
        await checkServed(t, await securely(t, socket, { ca, cert: trusted.cert, key: trusted.key }));
        await t.execute('nbd-server-stop');
      }
    },
  },
  {
    id: 'nbd-export/tls-credentials',
    title: 'The server takes the id of credentials for servers only, and without them has no TLS',
    requirements: ['nbd-server-start/tls-creds'],
    needs: overTls,
    async run(t: CaseContext) {
      const own = await selfSigned(t);
      const dir = await credentialsFolder(t, own, { server: own, client: own });
      const secret = t.name('secret');
      await t.execute('object-add', objectArguments(t, 'secret', secret, { data: 'x' }));
      const client = await addCredentials(t, dir, { endpoint: 'client' });
      const server = await addCredentials(t, dir, { endpoint: 'server' });
      for (const id of [client, await addCredentials(t, dir, {}), secret, 'none', ''])
        await t.refused('nbd-server-start', serverArguments(t, id).start);
      await t.execute('nbd-server-start', serverArguments(t, server).start);
      await t.execute('nbd-server-stop');
      const { socket, start } = serverArguments(t, server);
      await t.execute('nbd-server-start', { addr: start.addr });
      const visitor = await NbdVisitor.open(t, socket);
      t.equal(
        (await visitor.option(NbdOption.startTls)).map(({ type }) => type),
        [Reply.policy],
        'without credentials TLS must be refused as what the server does not do',
      );
    },
  },
  {
    id: 'nbd-export/tls-properties',
    title: 'Credentials need a folder with the files of their side, and properties of their types',
    requirements: ['nbd-server-start/tls-creds'],
    needs: overTls,
    async run(t: CaseContext) {
      const own = await selfSigned(t);
      const all = await credentialsFolder(t, own, { server: own, client: own });
      const onlyClient = await credentialsFolder(t, own, { client: own });
      const onlyAuthority = await credentialsFolder(t, own);
      const refused = async (props: Parameters<typeof objectArguments>[3]): Promise<void> => {
        await t.refused('object-add', objectArguments(t, X509, t.name('creds'), props));
      };
      await refused({ endpoint: 'server', 'sanity-check': false });
      for (const [dir, props] of [
        [`${all}/none`, { endpoint: 'client' }],
        [onlyClient, { endpoint: 'server' }],
        [onlyAuthority, { endpoint: 'server' }],
        [all, { endpoint: 'both' }],
        [all, { endpoint: 'server', 'verify-peer': 'maybe' }],
        [all, { endpoint: 'server', 'verify-peer': 1 }],
        [all, { endpoint: 'server', nonsense: true }],
      ] as const)
        await refused(credentialsFrom(dir, props));
      for (const [dir, props] of [
        [all, { endpoint: 'server', 'verify-peer': true }],
        [onlyClient, { endpoint: 'client' }],
        [onlyAuthority, { endpoint: 'client', 'verify-peer': false }],
        [onlyAuthority, {}],
      ] as const)
        await addCredentials(t, dir, props);
      for (const server of [
        { ...own, cert: 'nonsense' },
        { ...own, key: 'nonsense' },
      ])
        await refused(credentialsFrom(await credentialsFolder(t, own, { server }), { endpoint: 'server' }));
    },
  },
];
