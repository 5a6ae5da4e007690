/** Graph jobs and commands that name a device, or one of its nodes: what their job is called, and what is no root. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addChain, chainNodes, readImage } from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, guestFlush, inserted, onDrive } from '../helpers/drive-chain.ts';
import { CRAWL, cancelled, checkNoJob, jobInfo } from '../helpers/job-steps.ts';
import { needs, nodeInfo, queryList, refusedWith } from '../helpers/shared-setup.ts';

const COMMANDS = ['block-stream', 'block-commit'] as const;

const jobs = { commands: ['query-block-jobs', 'block-job-cancel'], events: ['BLOCK_JOB_CANCELLED'] };

/** What makes each of them a job that crawls, whatever it is given as device. */
const options = (command: string, middle: string): JsonObject =>
  command === 'block-commit' ? { top: middle, speed: CRAWL } : { speed: CRAWL };

/** The cases of names of devices and nodes. */
export const deviceNames: readonly CaseDefinition[] = [
  ...COMMANDS.map(
    (command): CaseDefinition => ({
      id: `${command}/default-job-id`,
      title: `Without job-id the job of ${command} is called as the device, whether that or its node was named`,
      requirements: [`${command}/job-id-default`, `${command}/by-device`],
      needs: needs(onDrive(command, ...jobs.commands), { events: jobs.events }),
      topology: driveOverBase,
      fresh: true,
      async run(t: CaseContext) {
        const [, middle, top] = await driveChain(t, 3);
        for (const device of [DRIVE, top!.node]) {
          await t.execute(command, { device, ...options(command, middle!.file.path) });
          t.contains(
            await jobInfo(t, DRIVE),
            { speed: CRAWL, type: command.slice('block-'.length) },
            'a job without job-id must have the name of the device',
          );
          await cancelled(t, DRIVE);
          t.contains(await inserted(t), { backing_file_depth: 2 }, 'the chain must be as long as before');
        }
      },
    }),
  ),
  ...COMMANDS.map(
    (command): CaseDefinition => ({
      id: `${command}/no-default-job-id`,
      title: `Without job-id ${command} of a node that no device uses is refused; with one it starts`,
      requirements: [`${command}/job-id-default`],
      needs: needs(chainNodes, { ...jobs, commands: [command, ...jobs.commands] }),
      async run(t: CaseContext) {
        const [, middle, top] = await addChain(t, 3);
        const args = { device: top!.node, ...options(command, middle!.file.path) };
        await t.refused(command, args, { text: /job ID|invalid id/i });
        t.equal(await queryList(t, 'query-block-jobs'), [], 'a refused command must start no job');
        const id = t.name('job');
        await t.execute(command, { ...args, 'job-id': id });
        await jobInfo(t, id);
        await cancelled(t, id);
      },
    }),
  ),
  {
    id: 'block-commit/not-a-root',
    title: 'block-commit of a node in the middle of a chain is refused; of the topmost one it is not',
    requirements: ['block-commit/root-only'],
    needs: needs(chainNodes, { ...jobs, commands: ['block-commit', ...jobs.commands] }),
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = t.name('job');
      await refusedWith(t, 'block-commit', { 'job-id': id, device: middle!.node, base: base!.file.path }, [
        'GenericError',
      ]);
      await checkNoJob(t, id);
      await t.execute('block-commit', {
        'job-id': id,
        device: top!.node,
        top: middle!.file.path,
        base: base!.file.path,
        speed: CRAWL,
      });
      await cancelled(t, id);
    },
  },
  {
    id: 'change-backing-file/by-device',
    title: 'change-backing-file takes a drive by its name, and refuses a node below the root as device',
    requirements: ['change-backing-file/by-device', 'change-backing-file/root-only'],
    needs: onDrive('change-backing-file'),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [, middle, top] = await driveChain(t, 3);
      const [unseen, other] = [`${t.dir}/unseen.img`, `${t.dir}/other.img`];
      const change = (device: string, written: string): JsonObject => ({
        device,
        'image-node-name': middle!.node,
        'backing-file': written,
      });
      await t.execute('change-backing-file', change(DRIVE, unseen));
      await t.refused('change-backing-file', change(middle!.node, other), { text: /root/ });
      await guestFlush(t);
      t.equal(
        (await readImage(t, middle!.file)).backing,
        unseen,
        'the header must hold the name that was given by device',
      );
      await t.execute('change-backing-file', change(top!.node, other));
      t.equal(
        (await readImage(t, middle!.file)).backing,
        other,
        'the header must hold the name that was given by node',
      );
      t.contains(await nodeInfo(t, top!.node), { backing_file_depth: 2 }, 'the graph must be as it was');
    },
  },
];
