/** Backups that are cancelled before they have copied all: from then on nothing reaches the target. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { cancelled } from '../helpers/job-steps.ts';
import { addRaw, addRawOver, fileNodes, makeFile, needs } from '../helpers/shared-setup.ts';
import { SIZE } from './guest-source.ts';
import { interruptions, pause, SLOW } from './interruptions.ts';

/** The cases of backups that are cancelled. */
export const cancelledCopies: readonly CaseDefinition[] = (['blockdev-backup', 'drive-backup'] as const).map(
  (command) => ({
    id: `${command}/cancelled-copies-no-more`,
    title: `A job of ${command} that is cancelled while it is paused copies nothing more`,
    requirements: [`${command}/cancelled`, 'block-job-cancel/resumes-paused'],
    needs: needs(fileNodes, interruptions, { commands: [command], events: ['BLOCK_JOB_CANCELLED'] }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(SIZE, 0x21));
      const file = await makeFile(t, SIZE);
      const target =
        command === 'drive-backup'
          ? { target: file.path, format: 'raw', mode: 'existing' }
          : { target: await addRawOver(t, file) };
      const id = t.name('job');
      await t.execute(command, { 'job-id': id, device, ...target, sync: 'full', speed: SLOW });
      await pause(t, id);
      const then = await bytesOf(t, file.local);
      t.check(then.includes(0), 'a slow backup must not have copied all when it pauses', 'it has');
      await cancelled(t, id);
      t.check(
        (await bytesOf(t, file.local)).equals(then),
        'nothing must reach the target of a backup that was cancelled',
        'something does',
      );
    },
  }),
);
