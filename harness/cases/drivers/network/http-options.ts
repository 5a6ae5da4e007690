/** Options of http and https that are about who asks: logins, cookies, certificates, and how long to wait. */
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { openIo } from '../../helpers/node-io.ts';
import { basic, type HttpPeer, type HttpPeerOptions, startHttpPeer } from '../../helpers/peers/http-peer.ts';
import { KiB, nodeInfo } from '../../helpers/shared-setup.ts';
import {
  addRemote,
  checkHolds,
  remoteBytes,
  remoteNodes,
  remoteRefused,
  secrets,
  sectors,
} from './remote-nodes.ts';

const content = sectors(64 * KiB);

type Scheme = 'http' | 'https';

/** Options of a node over the peer, of the driver of its scheme. */
const at = ({ url }: Pick<HttpPeer, 'url'>, options: JsonObject = {}): JsonObject =>
  url.startsWith('https:')
    ? { driver: 'https', url, sslverify: false, ...options }
    : { driver: 'http', url, ...options };

const start = (t: CaseContext, scheme: Scheme, options: HttpPeerOptions = {}): Promise<HttpPeer> =>
  startHttpPeer(t, content, { ...options, tls: scheme === 'https' });

/** Opens a node and reads from it, and gives what the requests for that said in one of their headers. */
async function heard(
  t: CaseContext,
  peer: HttpPeer,
  options: JsonObject,
  header: 'cookie' | 'authorization',
): Promise<(string | null)[]> {
  const before = peer.requests.length;
  const io = await openIo(t, await addRemote(t, at(peer, options)), { writable: false });
  await io.read(0, 512);
  await io.close();
  return [...new Set(peer.requests.slice(before).map(({ headers }) => headers[header] ?? null))];
}

function cookies(scheme: Scheme): readonly CaseDefinition[] {
  return [
    {
      id: `${scheme}/cookie`,
      title: `${scheme} sends the cookies that it was given with every request, and none otherwise`,
      requirements: [`${scheme}/cookie`, `${scheme}/cookie-default`],
      needs: remoteBytes(scheme),
      async run(t: CaseContext) {
        const peer = await start(t, scheme);
        for (const cookie of ['a=1', 'a=1; b=2;', 'a=ü', null])
          t.equal(
            await heard(t, peer, cookie === null ? {} : { cookie }, 'cookie'),
            [cookie === null ? null : Buffer.from(cookie).toString('latin1')],
            'all requests must have the cookies that were given',
          );
      },
    },
    {
      id: `${scheme}/cookie-secret`,
      title: `${scheme} sends the cookies of a secret, and shows them to nobody else`,
      requirements: [`${scheme}/cookie-secret`],
      topology: secrets,
      needs: remoteBytes(scheme),
      async run(t: CaseContext) {
        const peer = await start(t, scheme);
        t.equal(
          await heard(t, peer, { 'cookie-secret': 'jar' }, 'cookie'),
          ['crumb=7'],
          'all requests must have the cookies of the secret',
        );
        const node = await addRemote(t, at(peer, { 'cookie-secret': 'jar' }));
        t.check(
          !JSON.stringify(await nodeInfo(t, node)).includes('crumb=7'),
          'query-named-block-nodes must not show cookies that are secret',
          'it shows them',
        );
        await remoteRefused(t, at(peer, { 'cookie-secret': 'nobody' }), /nobody/);
      },
    },
    {
      id: `${scheme}/cookie-twice`,
      title: `${scheme} refuses cookies that are given both openly and by a secret`,
      requirements: ['http/cookie-and-secret', 'blockdev-add/failure-leaves-nothing'],
      topology: secrets,
      needs: remoteNodes(scheme),
      async run(t: CaseContext) {
        const peer = await start(t, scheme);
        await remoteRefused(t, at(peer, { cookie: 'a=1', 'cookie-secret': 'jar' }), /both/);
        t.equal(peer.clients(), 0, 'the endpoint must ask nobody with options that it refuses');
        await addRemote(t, at(peer, { 'cookie-secret': 'jar' }));
      },
    },
  ];
}

/** How long it waits for a server that takes the connection and says nothing. */
function timeout(
  id: string,
  requirement: 'curl/timeout' | 'curl/timeout-default',
  seconds: number,
): CaseDefinition {
  const isDefault = requirement === 'curl/timeout-default';
  return {
    id,
    title: `A server that says nothing is given ${isDefault ? '5 seconds by default' : 'timeout seconds'}, and no more`,
    requirements: [requirement],
    needs: remoteNodes('http'),
    async run(t: CaseContext) {
      // Who waits for longer than it should gets an answer.
      const peer = await start(t, 'http', { manner: isDefault ? 'silence' : 'late' });
      const took = await t.timed(() => remoteRefused(t, at(peer, isDefault ? {} : { timeout: seconds })));
      const least = seconds * 1000 - 50;
      t.check(took >= least, `the endpoint must wait ${least} ms`, `it waits ${Math.floor(took)} ms`);
      if (t.virtualTime)
        t.check(took <= least + 1000, 'the endpoint must then give up', `it waits ${Math.floor(took)} ms`);
    },
  };
}

export const httpOptionCases: readonly CaseDefinition[] = [
  ...cookies('http'),
  ...cookies('https'),
  timeout('http/timeout', 'curl/timeout', 1),
  timeout('http/timeout-default', 'curl/timeout-default', 5),
  {
    id: 'http/timeout-out-of-range',
    title: 'A timeout that is negative, or longer than anybody waits, is refused before anybody is asked',
    requirements: ['curl/timeout', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('http'),
    async run(t: CaseContext) {
      const peer = await start(t, 'http');
      for (const seconds of [-1, 10_001, 2 ** 40])
        await remoteRefused(t, at(peer, { timeout: seconds }), /timeout/);
      t.equal(peer.clients(), 0, 'the endpoint must ask nobody with options that it refuses');
      for (const seconds of [0, 1, 10_000]) await addRemote(t, at(peer, { timeout: seconds }));
    },
  },
  {
    id: 'http/login',
    title: 'username and the password of a secret open a file for which a login is asked; others do not',
    requirements: ['curl/username', 'curl/password-secret', 'blockdev-add/failure-leaves-nothing'],
    topology: secrets,
    needs: remoteBytes('http'),
    async run(t: CaseContext) {
      const peer = await start(t, 'http', { credentials: 'joe:sesame' });
      for (const options of [
        {},
        { username: 'joe' },
        { username: 'joe', 'password-secret': 'wrong' },
        { username: 'jim', 'password-secret': 'pw' },
      ])
        await remoteRefused(t, at(peer, options), /401/);
      const node = await addRemote(t, at(peer, { username: 'joe', 'password-secret': 'pw' }));
      await checkHolds(t, node, content);
      t.check(
        !JSON.stringify(await nodeInfo(t, node)).includes('sesame'),
        'query-named-block-nodes must not show the password',
        'it shows it',
      );
    },
  },
  {
    id: 'http/login-default',
    title: 'Without username no login is sent, and with it alone an empty password',
    requirements: ['curl/username', 'curl/username-default'],
    needs: remoteBytes('http'),
    async run(t: CaseContext) {
      const peer = await start(t, 'http');
      t.equal(await heard(t, peer, {}, 'authorization'), [null], 'the requests must have no login');
      t.equal(
        await heard(t, peer, { username: 'joe' }, 'authorization'),
        [basic('joe:')],
        'the requests must have the login that was given',
      );
    },
  },
  {
    id: 'http/secret-unknown',
    title: 'A secret that there is not is refused before anybody is asked, for the server and for a proxy',
    requirements: [
      'curl/password-secret',
      'curl/proxy-password-secret',
      'blockdev-add/failure-leaves-nothing',
    ],
    topology: secrets,
    needs: remoteNodes('http'),
    async run(t: CaseContext) {
      const peer = await start(t, 'http');
      const unknown = t.name('secret');
      for (const who of ['', 'proxy-']) {
        const login = (secret: string) => ({ [`${who}username`]: 'joe', [`${who}password-secret`]: secret });
        await remoteRefused(t, at(peer, login(unknown)), /secret/i);
        t.equal(peer.clients(), 0, 'the endpoint must ask nobody with a secret that there is not');
      }
      await addRemote(t, at(peer, { 'proxy-username': 'joe', 'proxy-password-secret': 'pw' }));
    },
  },
  {
    id: 'https/url',
    title: 'A node over a file of an HTTPS server has its size and its data',
    requirements: ['curl/url'],
    needs: remoteBytes('https'),
    async run(t: CaseContext) {
      const peer = await start(t, 'https');
      const node = await addRemote(t, at(peer));
      t.contains(await nodeInfo(t, node), { drv: 'https', ro: true }, 'the node must be of its driver');
      await checkHolds(t, node, content);
    },
  },
  {
    id: 'https/sslverify',
    title: 'A certificate that nobody vouches for is refused, by default too, unless sslverify is false',
    requirements: ['https/sslverify', 'https/sslverify-default', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes('https'),
    async run(t: CaseContext) {
      const peer = await start(t, 'https');
      const { url } = peer;
      for (const options of [{}, { sslverify: true }])
        await remoteRefused(t, { driver: 'https', url, ...options }, /certificate/i);
      t.equal(peer.requests.length, 0, 'the endpoint must ask nobody for a file whom it does not trust');
      await addRemote(t, { driver: 'https', url, sslverify: false });
    },
  },
  {
    id: 'https/server-name',
    title: 'A server over TLS is told by which name it is asked, if it is one and no address',
    requirements: ['curl/url'],
    needs: remoteNodes('https'),
    async run(t: CaseContext) {
      const peer = await start(t, 'https');
      for (const [host, told] of [
        ['localhost', 'localhost'],
        ['127.0.0.1', null],
      ] as const) {
        await addRemote(t, at({ url: peer.url.replace('127.0.0.1', host) }));
        t.equal(peer.requests.at(-1)?.serverName ?? null, told, 'the server must be told its name, or none');
      }
    },
  },
];
