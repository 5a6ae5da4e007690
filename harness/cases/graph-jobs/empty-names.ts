/** Names that jobs are given as an empty text: names that nothing has, and no names that were left out. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes, release } from '../helpers/backing-chains.ts';
import { chainAndTarget, type Setting } from '../helpers/job-kinds.ts';
import { backupJobs, checkNoJob } from '../helpers/job-steps.ts';
import { needs, newFile, nodeNames } from '../helpers/shared-setup.ts';

interface EmptyNames {
  readonly command: string;
  readonly requirement: RequirementId;
  /** Arguments with which the command would start a job, but for the id. */
  readonly args: (setting: Setting, t: CaseContext) => JsonObject;
  /** What is added to them, each of which makes it one that must be refused. */
  readonly empty: readonly JsonObject[];
}

const COMMANDS: readonly EmptyNames[] = [
  {
    command: 'blockdev-backup',
    requirement: 'blockdev-backup/device-unknown-refused',
    args: ({ nodes, target }) => ({ device: nodes[3], target, sync: 'full' }),
    empty: [{ device: '' }, { target: '' }],
  },
  {
    command: 'blockdev-mirror',
    requirement: 'blockdev-mirror/device-unknown',
    args: ({ nodes, target }) => ({ device: nodes[3], target, sync: 'full' }),
    empty: [{ device: '' }, { target: '' }, { 'filter-node-name': '' }],
  },
  {
    command: 'drive-backup',
    requirement: 'drive-backup/device-unknown',
    args: ({ nodes }, t) => ({ device: nodes[3], target: newFile(t).path, sync: 'full', format: 'raw' }),
    empty: [{ device: '' }, { format: '' }, { bitmap: '' }],
  },
  {
    command: 'drive-mirror',
    requirement: 'drive-mirror/device-unknown',
    args: ({ nodes }, t) => ({ device: nodes[3], target: newFile(t).path, sync: 'full', format: 'raw' }),
    empty: [{ device: '' }, { format: '' }, { 'node-name': '' }],
  },
  {
    command: 'block-stream',
    requirement: 'block-stream/base-unknown',
    args: ({ nodes }) => ({ device: nodes[3] }),
    empty: [{ device: '' }, { base: '' }, { 'base-node': '' }, { 'backing-file': '' }],
  },
  {
    command: 'block-commit',
    requirement: 'block-commit/base-unknown',
    args: ({ nodes }) => ({ device: nodes[3] }),
    empty: [{ top: '' }, { base: '' }, { 'backing-file': '' }, { 'filter-node-name': '' }],
  },
];

/** The cases of empty names. */
export const emptyNames: readonly CaseDefinition[] = COMMANDS.map(
  ({ command, requirement, args, empty }): CaseDefinition => ({
    id: `${command}/empty-names`,
    title: `A name that ${command} is given as an empty text is refused, and changes nothing`,
    requirements: [requirement],
    needs: needs(chainNodes, backupJobs, { commands: [command] }),
    async run(t: CaseContext) {
      const setting = await chainAndTarget(t);
      const before = (await nodeNames(t)).toSorted();
      const all = command === 'block-stream' ? [...empty, { base: setting.middle, 'base-node': '' }] : empty;
      for (const more of all) {
        const id = t.name('job');
        await t.refused(command, { 'job-id': id, ...args(setting, t), ...more });
        await checkNoJob(t, id);
        t.equal((await nodeNames(t)).toSorted(), before, 'a refused command must leave no node');
      }
      await release(t, setting.nodes);
    },
  }),
);
