/** What an endpoint offers, by the version that it says it is. */
import { loadBlockSchema } from '../../spec/block-core.ts';
import { isJsonObject } from '../../spec/json.ts';
import { isSince, loadSince } from '../../spec/since.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';

/** First versions that lack what the spec has. */
const REMOVED = new Map([['block_passwd', [6, 0] as const]]);

/** Commands and events for devices that a guest sees, which an endpoint without such need not have. */
const FOR_GUEST_DEVICES = /^(block_set_io_throttle|BLOCK_IO_ERROR)$|-(tray|medium)$/;

/** Names that may go again at any time. */
const EXPERIMENTAL = /^x-/;

export const sinceCases: readonly CaseDefinition[] = [
  {
    id: 'introspection/offers-what-its-version-has',
    title: 'Each command and event that there is as of a version no later than its own, the endpoint offers',
    requirements: ['protocol/offers-since'],
    needs: { commands: ['query-version', 'query-qmp-schema'] },
    async run(t: CaseContext) {
      const answer = await t.execute('query-version');
      const { major, minor } = (isJsonObject(answer) && isJsonObject(answer.qemu) ? answer.qemu : {}) as {
        readonly [name: string]: number;
      };
      t.check(
        Number.isInteger(major) && Number.isInteger(minor),
        'query-version must tell major and minor as integers',
        `it tells ${shown(answer)}`,
      );
      const version = [major!, minor!] as const;
      const spec = loadBlockSchema();
      const offered = new Set([...t.endpointSchema.commands.keys(), ...t.endpointSchema.events.keys()]);
      for (const { name, source } of [...spec.commands.values(), ...spec.events.values()]) {
        const since = loadSince().get(name);
        const removed = REMOVED.get(name);
        if (!source?.file.endsWith('block-core.json') || since === undefined || !isSince(version, since))
          continue;
        if (EXPERIMENTAL.test(name) || (removed !== undefined && isSince(version, removed))) continue;
        if (!t.capabilities.guestDevices && FOR_GUEST_DEVICES.test(name)) continue;
        t.check(
          offered.has(name),
          `the endpoint should offer ${name}, which there is since ${since.join('.')}`,
          `it does not, in version ${version.join('.')}`,
          { severity: 'should' },
        );
      }
    },
  },
];
