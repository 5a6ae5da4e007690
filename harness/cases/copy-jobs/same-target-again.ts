/** Copies to a file that had been a target before: of a job that was cancelled, and of one that ended well. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes, checkContent } from '../helpers/backing-chains.ts';
import { cancelled, succeeded } from '../helpers/job-steps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { addRaw, KiB, MiB, needs, newFile, nodeNames } from '../helpers/shared-setup.ts';
import { eventsOf, readyToEnd, typeOf } from './copy-commands.ts';

const SIZE = 4 * MiB;
const PART = 64 * KiB;

/** How the target is asked for, one time after the other. */
const TIMES: readonly JsonObject[] = [
  { format: 'qcow2' },
  { format: 'qcow2', mode: 'existing' },
  { mode: 'existing' },
  { format: 'raw' },
];

/** The cases of targets that are used again. */
export const sameTargetAgain: readonly CaseDefinition[] = (['drive-backup', 'drive-mirror'] as const).map(
  (command): CaseDefinition => {
    const type = typeOf(command);
    return {
      id: `${command}/same-target-again`,
      title: `A file and a node name that ${command} had as target are taken again, and hold what the source does by then`,
      requirements: [`${command}/creates-target`, `${command}/existing-format`, 'jobs/id-taken'],
      needs: needs(chainNodes, nodeIo, {
        commands: [command, 'block-job-cancel'],
        events: [...eventsOf(command), 'BLOCK_JOB_CANCELLED'],
      }),
      async run(t: CaseContext) {
        const content = Buffer.alloc(SIZE, 0x21);
        const { name: device } = await addRaw(t, content);
        const [target, id] = [newFile(t), t.name('job')];
        const named = type === 'mirror' ? { 'node-name': t.name('target') } : {};
        const before = (await nodeNames(t)).toSorted();
        const start = (more: JsonObject) =>
          t.execute(command, { 'job-id': id, device, target: target.path, sync: 'full', ...named, ...more });
        const slowly = type === 'mirror' ? { granularity: PART, 'buf-size': PART } : {};
        await start({ format: 'qcow2', speed: 1, ...slowly });
        await cancelled(t, id);
        for (const [index, how] of TIMES.entries()) {
          await writeNode(t, device, index * 3 * PART, PART, index + 1);
          content.fill(index + 1, index * 3 * PART, (index * 3 + 1) * PART);
          await start(how);
          await readyToEnd(t, type, id);
          await succeeded(t, id, type);
          t.equal(
            (await nodeNames(t)).toSorted(),
            before,
            'the target must be closed when the job has ended',
          );
          await checkContent(t, target, content, `the target, time ${index + 1}`);
        }
      },
    };
  },
);
