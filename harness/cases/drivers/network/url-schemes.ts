/** Each of the drivers http, https, ftp and ftps takes URLs of its scheme, and no others. */
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { listenRudely } from '../../helpers/peers/listening.ts';
import { remoteNodes, remoteRefused } from './remote-nodes.ts';

const SCHEMES = ['http', 'https', 'ftp', 'ftps'] as const;

export const urlSchemeCases: readonly CaseDefinition[] = SCHEMES.map(
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
