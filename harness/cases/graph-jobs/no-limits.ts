/** Jobs without a limit: time is what only their requests take. */
import { type JsonObject, stringifyJson } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addChain, CHAIN_SIZE, chainNodes } from '../helpers/backing-chains.ts';
import { checkNoJob, endedReady, succeeded } from '../helpers/job-steps.ts';
import { addNode, needs } from '../helpers/shared-setup.ts';

const TiB = 2 ** 40;

export const noLimits: readonly CaseDefinition[] = [
  {
    id: 'block-job-set-speed/no-limit-no-wait',
    title: 'Streams, commits, mirrors and backups that were started without a speed do not wait',
    requirements: ['block-job-set-speed/default'],
    needs: needs(chainNodes, {
      commands: [
        'block-stream',
        'block-commit',
        'blockdev-mirror',
        'blockdev-backup',
        'block-job-cancel',
        'block-job-complete',
      ],
      events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_READY'],
    }),
    async run(t: CaseContext) {
      const started = async (command: string, args: JsonObject): Promise<string> => {
        const id = t.name('job');
        await t.execute(command, { 'job-id': id, ...args });
        return id;
      };
      const fullCopy = async (): Promise<JsonObject> => {
        const [layer] = await addChain(t, 1);
        return { device: layer!.node, target: await addNode(t, { size: CHAIN_SIZE }), sync: 'full' };
      };
      const jobs: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
        stream: async () => {
          const [, top] = await addChain(t, 2);
          return async () => succeeded(t, await started('block-stream', { device: top!.node }), 'stream');
        },
        commit: async () => {
          const [, middle, top] = await addChain(t, 3);
          const args = { device: top!.node, top: middle!.file.path };
          return async () => succeeded(t, await started('block-commit', args), 'commit');
        },
        mirror: async () => {
          const args = await fullCopy();
          return async () => {
            const id = await started('blockdev-mirror', args);
            await t.event('BLOCK_JOB_READY', { device: id });
            await endedReady(t, id);
          };
        },
        'completed mirror': async () => {
          const args = await fullCopy();
          const id = await started('blockdev-mirror', args);
          await t.event('BLOCK_JOB_READY', { device: id });
          // It has looked around, and is at rest.
          await t.elapse(t.virtualTime ? 130 : 0);
          return async () => {
            await t.execute('block-job-complete', { device: id });
            await succeeded(t, id, 'mirror');
          };
        },
        backup: async () => {
          const args = await fullCopy();
          return async () => succeeded(t, await started('blockdev-backup', args), 'backup');
        },
      };
      for (const [type, prepare] of Object.entries(jobs)) {
        const took = await t.timed(await prepare());
        if (t.virtualTime)
          t.check(took === 0, `a ${type} without a limit must not wait`, `it took ${took} ms`);
      }
    },
  },
  {
    id: 'block-job-cancel/while-busy',
    title: 'Commands are answered while a job without a limit has more to copy than it ever will',
    requirements: ['query-block-jobs/lists-jobs', 'block-job-cancel/cancels'],
    needs: {
      commands: ['blockdev-mirror', 'query-block-jobs', 'block-job-cancel'],
      events: ['BLOCK_JOB_CANCELLED'],
      drivers: ['null-co'],
    },
    async run(t: CaseContext) {
      const size = 16 * TiB;
      const [device, target] = [await addNode(t, { size }), await addNode(t, { size })];
      const id = t.name('job');
      const commands: readonly (readonly [name: string, args: JsonObject])[] = [
        ['blockdev-mirror', { 'job-id': id, device, target, sync: 'full' }],
        ['query-block-jobs', {}],
        ['block-job-cancel', { device: id, force: true }],
      ];
      // Sent together: whoever waited for the first reply would wait for the job.
      const lines = commands.map(([execute, args]) => stringifyJson({ execute, arguments: args }));
      const { messages } = await t.raw(`${lines.join('\n')}\n`);
      const [, listed] = messages.map((message) => message.return ?? null);
      t.check(
        messages.length === commands.length,
        'each command must be answered',
        `${messages.length} were`,
      );
      t.contains(listed ?? null, [{ device: id, len: size }], 'the job must be told while it copies');
      await t.event('BLOCK_JOB_CANCELLED', { device: id });
      await checkNoJob(t, id);
    },
  },
];
