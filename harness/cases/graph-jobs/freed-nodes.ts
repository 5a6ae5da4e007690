/** What jobs leave that were cancelled or failed: their ids and their nodes, free for the same job again, and to be deleted. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, makeLayers, release } from '../helpers/backing-chains.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { cancelled, endedReady, succeeded } from '../helpers/job-steps.ts';
import { addRaw, type CaseFile, KiB, MiB, needs, nodeInfo } from '../helpers/shared-setup.ts';

const CLUSTER = 64 * KiB;
const SIZE = 4 * MiB;
/** Far enough apart that a slow job is held between them. */
const OWN = [1, 30, 60];

/** A chain of four nodes, and a target. */
interface Setting {
  /** Bottom first. */
  readonly nodes: readonly [base: string, middle: string, overlay: string, device: string];
  /** By which commands call the image in the middle. */
  readonly middle: string;
  readonly target: string;
}

/** The second one has data; its first read fails if it is to. */
async function setUp(t: CaseContext, isFailing: boolean): Promise<Setting> {
  const layer = { size: SIZE, clusterSize: CLUSTER };
  const clusters = new Map(OWN.map((index) => [index, 0x22]));
  const files = await makeLayers(t, [layer, { ...layer, clusters }, layer, layer]);
  const [below, middle, above, last] = files as [CaseFile, CaseFile, CaseFile, CaseFile];
  const base = await addQcow2(t, below);
  const rule = { event: 'read_aio', errno: 5, once: true };
  const file = isFailing && { file: failingFile(middle, rule) };
  const between = await addQcow2(t, middle, { ...file, backing: base });
  const overlay = await addQcow2(t, above, { backing: between });
  const device = await addQcow2(t, last, { backing: overlay });
  const { file: shown = null } = await nodeInfo(t, between);
  return {
    nodes: [base, between, overlay, device],
    middle: String(shown),
    target: (await addRaw(t, SIZE)).name,
  };
}

/** A job on such nodes. */
interface Kind {
  readonly id: string;
  readonly command: 'blockdev-backup' | 'blockdev-mirror' | 'block-stream' | 'block-commit';
  /** As the title calls it. */
  readonly what: string;
  readonly type: string;
  readonly args: (setting: Setting) => JsonObject;
  /** So slow that it does not end; absent where it may get ready at once. */
  readonly slowly?: JsonObject;
  /** It waits, when it is ready, until it is told to end. */
  readonly getsReady?: true;
}

const KINDS: readonly Kind[] = [
  {
    id: 'blockdev-backup/starts-again',
    command: 'blockdev-backup',
    what: 'a backup',
    type: 'backup',
    args: ({ nodes, target }) => ({ device: nodes[3], target, sync: 'full' }),
    slowly: { speed: 1 },
  },
  {
    id: 'blockdev-mirror/starts-again',
    command: 'blockdev-mirror',
    what: 'a mirror',
    type: 'mirror',
    args: ({ nodes, target }) => ({ device: nodes[3], target, sync: 'full' }),
    slowly: { speed: 1, granularity: CLUSTER, 'buf-size': CLUSTER },
    getsReady: true,
  },
  {
    id: 'block-stream/starts-again',
    command: 'block-stream',
    what: 'a stream',
    type: 'stream',
    args: ({ nodes }) => ({ device: nodes[3], 'base-node': nodes[0] }),
    slowly: { speed: 1 },
  },
  {
    id: 'block-commit/starts-again',
    command: 'block-commit',
    what: 'a commit of an image below',
    type: 'commit',
    args: ({ nodes, middle }) => ({ device: nodes[3], top: middle }),
    slowly: { speed: 1 },
  },
  {
    id: 'block-commit/active-starts-again',
    command: 'block-commit',
    what: 'a commit of the active image',
    type: 'commit',
    args: ({ nodes }) => ({ device: nodes[3] }),
    getsReady: true,
  },
];

/** Has a job fail. */
async function fails(t: CaseContext, id: string): Promise<void> {
  const { data = null } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
  const { error } = data as JsonObject;
  t.check(typeof error === 'string', 'a job that cannot read must fail', 'it succeeds');
}

/** The cases of jobs that are started once more. */
export const freedNodes: readonly CaseDefinition[] = KINDS.map(
  ({ id, command, what, type, args, slowly, getsReady }) => ({
    id,
    title: `After ${what} was cancelled or failed the same one can be started, and then its nodes deleted`,
    requirements: ['jobs/blocks-deletion', 'jobs/id-taken'],
    needs: needs(chainNodes, {
      commands: [command, 'block-job-cancel'],
      nodes: ['failing'],
      events: [
        'BLOCK_JOB_COMPLETED',
        'BLOCK_JOB_CANCELLED',
        'BLOCK_JOB_ERROR',
        ...(getsReady ? ['BLOCK_JOB_READY'] : []),
      ],
    }),
    async run(t: CaseContext) {
      for (const ending of ['cancelled', 'cancelled when ready', 'failed']) {
        if (ending === 'cancelled' ? !slowly : ending !== 'failed' && !getsReady) continue;
        const setting = await setUp(t, ending === 'failed');
        const job = t.name('job');
        const start = (more: JsonObject = {}) =>
          t.execute(command, { 'job-id': job, ...args(setting), ...more });
        const ends = async (): Promise<void> => {
          if (getsReady) {
            await t.event('BLOCK_JOB_READY', { device: job });
            await endedReady(t, job);
          } else await succeeded(t, job, type);
        };
        await start(ending === 'cancelled' ? slowly : {});
        if (ending === 'cancelled') await cancelled(t, job);
        else if (ending === 'failed') await fails(t, job);
        else await ends();
        await start();
        await ends();
        await release(t, [setting.target, ...setting.nodes]);
      }
    },
  }),
);
