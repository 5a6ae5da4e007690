/** An NBD server with TLS credentials: what it says before TLS and behind it, and whom it lets in. */
import type { ConnectionOptions } from 'node:tls';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addCredentials, credentialsFolder, credentialsFrom, X509 } from '../helpers/made-credentials.ts';
import { objectArguments } from '../helpers/made-objects.ts';
import { nbdExports, startNbdServer } from '../helpers/node-io.ts';
import { selfSigned } from '../helpers/peers/certificate.ts';
import { NbdCommand, NbdOption, OptionReply as Reply } from '../helpers/peers/nbd-numbers.ts';
import { infoRequest, NbdVisitor } from '../helpers/peers/nbd-visitor.ts';
import { addRaw, fileNodes, needs, newFile } from '../helpers/shared-setup.ts';
import { checkGoes, checkServed, pattern, types } from './exports.ts';

const NOTHING = Buffer.alloc(0);
const GO = infoRequest('disk');

const overTls = needs(fileNodes, nbdExports, { commands: ['object-add'], objects: [X509, 'secret'] });

/** Starts the server with these credentials and an export `disk`, and gives its socket. */
async function serveOverTls(t: CaseContext, creds: string, node: string): Promise<string> {
  const { local } = await startNbdServer(t, { 'tls-creds': creds });
  await t.execute('nbd-server-add', { device: node, name: 'disk', writable: false });
  return local;
}

/** A client that has asked for TLS, and goes on by it as these options say. */
async function securely(t: CaseContext, socket: string, options: ConnectionOptions): Promise<NbdVisitor> {
  const visitor = await NbdVisitor.open(t, socket);
  t.equal(types(await visitor.option(NbdOption.startTls)), [Reply.ack], 'TLS must be to be had');
  await visitor.secure({ host: '127.0.0.1', ...options });
  return visitor;
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
          types(await visitor.option(option, data)),
          [Reply.tlsRequired],
          'without TLS an option must be refused as one that needs it',
        );
      t.equal(
        types(await visitor.option(NbdOption.startTls)),
        [Reply.ack],
        'TLS must be granted without anything else',
      );
      await visitor.secure({ host: '127.0.0.1', ca: own.cert });
      t.equal(
        types(await visitor.option(NbdOption.startTls)),
        [Reply.invalid],
        'TLS inside of TLS must be refused as invalid',
      );
      t.equal(
        types(await visitor.option(NbdOption.list)),
        [Reply.server, Reply.ack],
        'behind TLS exports must be listed',
      );
      await checkGoes(t, visitor);
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
          if (anyone) await checkGoes(t, visitor);
          else {
            visitor.say(NbdOption.go, GO);
            await visitor.checkEnds('a client without a certificate that it trusts');
          }
        }
        await checkGoes(t, await securely(t, socket, { ca, cert: trusted.cert, key: trusted.key }));
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
      const addr = { type: 'unix', data: { path: newFile(t).path } };
      for (const id of [client, await addCredentials(t, dir, {}), secret, 'none', ''])
        await t.refused('nbd-server-start', { addr, 'tls-creds': id });
      await startNbdServer(t, { 'tls-creds': server });
      await t.execute('nbd-server-stop');
      const { local } = await startNbdServer(t);
      const visitor = await NbdVisitor.open(t, local);
      t.equal(
        types(await visitor.option(NbdOption.startTls)),
        [Reply.policy],
        'without credentials TLS must be refused as what the server does not do',
      );
    },
  },
  {
    id: 'nbd-export/tls-credentials-deleted',
    title:
      'A server goes on with its credentials when they are deleted or made anew, and the next has the new',
    requirements: ['nbd-server-start/tls-creds'],
    needs: needs(overTls, { commands: ['object-del'] }),
    async run(t: CaseContext) {
      const [old, own] = [await selfSigned(t), await selfSigned(t)];
      const id = t.name('creds');
      const make = async (server: typeof own): Promise<void> => {
        const props = { endpoint: 'server', 'verify-peer': false };
        const dir = await credentialsFolder(t, server, { server });
        await t.execute('object-add', objectArguments(t, X509, id, credentialsFrom(dir, props)));
      };
      await make(old);
      const { name } = await addRaw(t, pattern());
      const socket = await serveOverTls(t, id, name);
      const staying = await securely(t, socket, { ca: old.cert });
      await checkGoes(t, staying);
      const check = async (): Promise<void> => {
        await checkServed(t, staying);
        const visitor = await NbdVisitor.open(t, socket);
        t.equal(
          types(await visitor.option(NbdOption.go, GO)),
          [Reply.tlsRequired],
          'a server that was started with TLS must go on to require it',
        );
        visitor.say(NbdOption.abort, NOTHING);
        const other = await securely(t, socket, { ca: old.cert });
        await checkGoes(t, other);
        other.begin({ type: NbdCommand.disconnect });
      };
      await t.execute('object-del', { id });
      await t.refused('object-del', { id });
      await check();
      await make(own);
      await check();
      staying.begin({ type: NbdCommand.disconnect });
      await t.execute('nbd-server-stop');
      await checkGoes(t, await securely(t, await serveOverTls(t, id, name), { ca: own.cert }));
      await t.execute('nbd-server-stop');
      await t.execute('object-del', { id });
      const addr = { type: 'unix', data: { path: newFile(t).path } };
      await t.refused('nbd-server-start', { addr, 'tls-creds': id });
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
