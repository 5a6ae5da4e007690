/** Each of the drivers http, https, ftp and ftps takes URLs of its scheme and no others, and waits for servers for a while. */
import { createServer } from 'node:net';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { listen, listenRudely } from '../../helpers/peers/listening.ts';
import { remoteNodes, remoteRefused } from './remote-nodes.ts';

const SCHEMES = ['http', 'https', 'ftp', 'ftps'] as const;

const schemeCases: readonly CaseDefinition[] = SCHEMES.map(
  (driver): CaseDefinition => ({
    id: `${driver}/scheme`,
    title: `${driver} refuses URLs of other schemes without asking anybody, and asks for those of its own`,
    requirements: [`${driver}/scheme`, 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes(driver),
    async run(t: CaseContext) {
      const server = await listenRudely(t);
      const place = `://127.0.0.1:${server.port}/disk.img`;
      for (const scheme of [...SCHEMES.filter((other) => other !== driver), `x${driver}`, ''])
        await remoteRefused(t, { driver, url: `${scheme}${place}` }, /does not start with/);
      t.equal(server.clients(), 0, 'the endpoint must ask nobody at a URL that it refuses');
      await remoteRefused(t, { driver, url: `${driver}${place}` });
      t.check(server.clients() > 0, 'the endpoint must ask at a URL of its scheme', 'it asks nobody');
    },
  }),
);

/** Of http another case tells. */
const timeoutCases: readonly CaseDefinition[] = (['https', 'ftp', 'ftps'] as const).map(
  (driver): CaseDefinition => ({
    id: `${driver}/timeout`,
    title: `A server of ${driver} that takes the connection and says nothing is given timeout seconds`,
    requirements: ['curl/timeout', 'blockdev-add/failure-leaves-nothing'],
    needs: remoteNodes(driver),
    async run(t: CaseContext) {
      const server = await listen(
        t,
        createServer((socket) => socket.resume()),
      );
      const url = `${driver}://127.0.0.1:${server.port}/disk.img`;
      const took = await t.timed(() => remoteRefused(t, { driver, url, timeout: 1 }));
      t.check(took >= 950, 'the endpoint must wait 950 ms', `it waits ${Math.floor(took)} ms`);
      t.check(took <= 4000, 'the endpoint must then give up', `it waits ${Math.floor(took)} ms`);
      await server.idle();
    },
  }),
);

export const urlSchemeCases: readonly CaseDefinition[] = [...schemeCases, ...timeoutCases];
