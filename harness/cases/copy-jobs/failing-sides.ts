/** The sides of jobs at which a request can be made to fail, each with a job that meets such a failure once. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, Needs } from '../case.ts';
import { addQcow2, readImage, release } from '../helpers/backing-chains.ts';
import { addFailing, failingFile } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { succeeded } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  addRawOver,
  type CaseFile,
  fileNodes,
  KiB,
  makeFile,
  needs,
  newFile,
  nodeInfo,
} from '../helpers/shared-setup.ts';
import { finished } from './copy-commands.ts';

const CLUSTER = 64 * KiB;
const CLUSTERS = 4;
const SIZE = CLUSTER * CLUSTERS;
const BYTE = 0x5a;

/** Nodes that are ready for a job which will meet one failure. */
export interface Failing {
  /** For the command, but for the id and the policy. */
  readonly args: JsonObject;
  /** States that the job, ended well, has copied all. */
  checkCopy(): Promise<void>;
  /** States that it has copied what is far behind the error. */
  checkEnd?(): Promise<void>;
}

export interface Side {
  /** First half of the ids of its cases. */
  readonly id: string;
  /** `A read error …`, to be followed by what comes of it. */
  readonly title: string;
  readonly command: string;
  readonly operation: 'read' | 'write';
  /** The member that takes the policy. */
  readonly option: string;
  /** What says that `report` is the policy if none is asked for. */
  readonly default: RequirementId;
  /** Which policies are tried. */
  readonly policies: 'all' | 'some' | 'default';
  readonly needs: Needs;
  /** `times`: how often a request fails, one time after another. */
  make(t: CaseContext, errno: number, times?: number): Promise<Failing>;
  /** Waits for the good end of the job. */
  finish(t: CaseContext, id: string): Promise<void>;
  /** In the place of `finish` and `checkCopy` where an error that is ignored is not made good. */
  readonly leavesOut?: true;
}

const events = ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'BLOCK_JOB_ERROR'];
const jobs = (command: string, ...more: string[]): Needs =>
  needs(fileNodes, {
    commands: [command, 'block-job-cancel', 'query-block-jobs', ...more],
    nodes: ['failing'],
    events: [...events, ...(command.includes('mirror') ? ['BLOCK_JOB_READY'] : [])],
  });
const qcow2 = (base: Needs): Needs => needs(base, { drivers: ['qcow2'] });

/** The first requests of the kind fail, so many, and only those. */
const firstOf = (event: 'read_aio' | 'write_aio', errno: number, times = 1) =>
  Array.from({ length: times }, () => ({ event, errno, once: true }));

const filled = (t: CaseContext) => makeFile(t, Buffer.alloc(SIZE, BYTE));

async function checkFilled(t: CaseContext, file: CaseFile): Promise<void> {
  const bytes = await bytesOf(t, file.local);
  const at = bytes.findIndex((byte) => byte !== BYTE);
  t.check(
    at === -1 && bytes.length === SIZE,
    'a job that ended well in spite of an error must have copied all',
    `byte ${at} of ${bytes.length} is not copied`,
  );
}

/** Nodes of the case's own for source and target; one of them fails once. */
async function twoNodes(
  t: CaseContext,
  side: 'source' | 'target',
  errno: number,
  times?: number,
): Promise<Failing> {
  const [file, copy] = [await filled(t), await makeFile(t, SIZE)];
  const device =
    side === 'source'
      ? await addFailing(t, file, ...firstOf('read_aio', errno, times))
      : await addRawOver(t, file);
  const target =
    side === 'target'
      ? await addFailing(t, copy, ...firstOf('write_aio', errno, times))
      : await addRawOver(t, copy);
  return { args: { device, target, sync: 'full' }, checkCopy: () => checkFilled(t, copy) };
}

/** A source that fails once, and a target that the command makes. */
async function ownTarget(t: CaseContext, errno: number, times?: number): Promise<Failing> {
  const device = await addFailing(t, await filled(t), ...firstOf('read_aio', errno, times));
  const copy = newFile(t);
  return {
    args: { device, target: copy.path, format: 'raw', sync: 'full' },
    checkCopy: () => checkFilled(t, copy),
  };
}

/** Clusters of an image that is streamed: more than are copied in one go. */
const MANY = 32;

/** An image without data above a raw one that fails once. */
async function failingBase(t: CaseContext, errno: number, times?: number): Promise<Failing> {
  const size = MANY * CLUSTER;
  const base = await makeFile(t, Buffer.alloc(size, BYTE));
  const below = await addFailing(t, base, ...firstOf('read_aio', errno, times));
  const backing = { name: base.path, format: 'raw' };
  const file = await makeFile(t, buildQcow2({ size, clusterSize: CLUSTER, backing }));
  const device = await addQcow2(t, file, { backing: below });
  const checkFrom = async (first: number): Promise<void> => {
    await release(t, [below, device]);
    const image = await readImage(t, file);
    for (let index = first; index < MANY; index += 1) {
      const own = image.cluster(index);
      t.check(
        own instanceof Buffer && own.every((byte) => byte === BYTE),
        'a stream that goes on after an error must copy what is left',
        `cluster ${index} is not in the image`,
      );
    }
  };
  return { args: { device }, checkCopy: () => checkFrom(0), checkEnd: () => checkFrom(MANY - 1) };
}

/** A chain whose base or whose image to commit fails once; with a further image above unless the commit is of the active one. */
async function chainToCommit(
  t: CaseContext,
  failing: 'top' | 'base',
  isActive: boolean,
  errno: number,
): Promise<Failing> {
  const base = await makeFile(t, SIZE);
  const below =
    failing === 'base'
      ? await addFailing(t, base, ...firstOf('write_aio', errno))
      : await addRawOver(t, base);
  const clusters = new Map(Array.from({ length: CLUSTERS }, (_, index) => [index, BYTE]));
  const backing = { name: base.path, format: 'raw' };
  const top = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters, backing }));
  const own = failing === 'top' && { file: failingFile(top, ...firstOf('read_aio', errno)) };
  const node = await addQcow2(t, top, { ...own, backing: below });
  const checkCopy = () => checkFilled(t, base);
  if (isActive) return { args: { device: node }, checkCopy };
  const above = await makeFile(
    t,
    buildQcow2({ size: SIZE, clusterSize: CLUSTER, backing: { name: top.path, format: 'qcow2' } }),
  );
  return {
    args: { device: await addQcow2(t, above, { backing: node }), top: (await nodeInfo(t, node)).file! },
    checkCopy,
  };
}

const finishMirror = (t: CaseContext, id: string): Promise<void> => finished(t, 'mirror', id);

const finish =
  (type: string) =>
  async (t: CaseContext, id: string): Promise<void> => {
    await succeeded(t, id, type);
  };

const source = { operation: 'read', option: 'on-source-error' } as const;
const target = { operation: 'write', option: 'on-target-error' } as const;

export const SIDES: readonly Side[] = [
  {
    ...source,
    id: 'blockdev-backup/source',
    title: 'An error reading the source of a backup',
    command: 'blockdev-backup',
    default: 'blockdev-backup/on-source-error-default',
    policies: 'all',
    needs: jobs('blockdev-backup'),
    make: (t, errno, times) => twoNodes(t, 'source', errno, times),
    finish: finish('backup'),
  },
  {
    ...target,
    id: 'blockdev-backup/target',
    title: 'An error writing the target of a backup',
    command: 'blockdev-backup',
    default: 'blockdev-backup/on-target-error-default',
    policies: 'all',
    needs: jobs('blockdev-backup'),
    make: (t, errno, times) => twoNodes(t, 'target', errno, times),
    finish: finish('backup'),
  },
  {
    ...source,
    id: 'drive-backup/source',
    title: 'An error reading the source of drive-backup',
    command: 'drive-backup',
    default: 'drive-backup/on-source-error-default',
    policies: 'some',
    needs: jobs('drive-backup'),
    make: ownTarget,
    finish: finish('backup'),
  },
  {
    ...source,
    id: 'blockdev-mirror/source',
    title: 'An error reading the source of a mirror',
    command: 'blockdev-mirror',
    default: 'blockdev-mirror/on-source-error-default',
    policies: 'all',
    needs: jobs('blockdev-mirror'),
    make: (t, errno, times) => twoNodes(t, 'source', errno, times),
    finish: finishMirror,
  },
  {
    ...target,
    id: 'blockdev-mirror/target',
    title: 'An error writing the target of a mirror',
    command: 'blockdev-mirror',
    default: 'blockdev-mirror/on-target-error-default',
    policies: 'all',
    needs: jobs('blockdev-mirror'),
    make: (t, errno, times) => twoNodes(t, 'target', errno, times),
    finish: finishMirror,
  },
  {
    ...source,
    id: 'drive-mirror/source',
    title: 'An error reading the source of drive-mirror',
    command: 'drive-mirror',
    default: 'drive-mirror/on-source-error-default',
    policies: 'some',
    needs: jobs('drive-mirror'),
    make: ownTarget,
    finish: finishMirror,
  },
  {
    id: 'block-stream/read',
    title: 'An error reading what a stream copies',
    command: 'block-stream',
    operation: 'read',
    option: 'on-error',
    default: 'block-stream/on-error-default',
    policies: 'all',
    needs: qcow2(jobs('block-stream')),
    make: failingBase,
    finish: finish('stream'),
    leavesOut: true,
  },
  ...([true, false] as const).flatMap((isActive) =>
    (['top', 'base'] as const).map(
      (failing): Side => ({
        id: `block-commit/${isActive ? 'active-' : ''}${failing}`,
        title: `An error of the ${failing} of a commit ${isActive ? 'of the active image' : 'below the active image'}`,
        command: 'block-commit',
        operation: failing === 'top' ? 'read' : 'write',
        option: 'on-error',
        default: 'block-commit/errors-reported',
        policies: 'default',
        needs: qcow2(jobs('block-commit')),
        make: (t, errno) => chainToCommit(t, failing, isActive, errno),
        finish: finish('commit'),
      }),
    ),
  ),
];
