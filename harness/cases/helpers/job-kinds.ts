/** One job of each kind on a chain of four images, for cases that hold of them all. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, Needs } from '../case.ts';
import { addQcow2, chainNodes, makeLayers } from './backing-chains.ts';
import { failingFile } from './failing-files.ts';
import { addRaw, type CaseFile, KiB, MiB, needs, nodeInfo } from './shared-setup.ts';

const CLUSTER = 64 * KiB;
/** Of each image, bytes. */
export const SIZE = 4 * MiB;
/** Far enough apart that a slow job is held between them. */
const OWN = [0, 30, 60];

/** What a guest reads of the chain. */
export const CONTENT: Buffer = Buffer.alloc(SIZE);
for (const index of OWN) CONTENT.fill(0x22, index * CLUSTER, (index + 1) * CLUSTER);

/** A chain of four nodes, and a target. */
export interface Setting {
  /** Bottom first. */
  readonly nodes: readonly [base: string, middle: string, overlay: string, device: string];
  /** Of those nodes. */
  readonly files: readonly [base: CaseFile, middle: CaseFile, overlay: CaseFile, device: CaseFile];
  /** By which commands call the image in the middle. */
  readonly middle: string;
  readonly target: string;
}

/** Makes them. The second one has data; its first read fails if it is to. */
export async function chainAndTarget(
  t: CaseContext,
  { isFailing = false, options = {} }: { isFailing?: boolean; options?: JsonObject } = {},
): Promise<Setting> {
  const layer = { size: SIZE, clusterSize: CLUSTER };
  const clusters = new Map(OWN.map((index) => [index, 0x22]));
  const files = await makeLayers(t, [layer, { ...layer, clusters }, layer, layer]);
  const [below, middle, above, last] = files as [CaseFile, CaseFile, CaseFile, CaseFile];
  const base = await addQcow2(t, below, options);
  const rule = { event: 'read_aio', errno: 5, once: true };
  const file = isFailing && { file: failingFile(middle, rule) };
  const between = await addQcow2(t, middle, { ...options, ...file, backing: base });
  const overlay = await addQcow2(t, above, { ...options, backing: between });
  const device = await addQcow2(t, last, { ...options, backing: overlay });
  const { file: shown = null } = await nodeInfo(t, between);
  return {
    nodes: [base, between, overlay, device],
    files: [below, middle, above, last],
    middle: String(shown),
    target: (await addRaw(t, SIZE)).name,
  };
}

/** A job on such nodes. */
export interface JobKind {
  /** Of its cases, what follows the command. */
  readonly slug: string;
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

/** Names the filter of a job that has one. */
const filter = (nodes: Setting['nodes']): JsonObject => ({ 'filter-node-name': `${nodes[3]}-f` });

/** The kinds of jobs that there are. */
export const JOB_KINDS: readonly JobKind[] = [
  {
    slug: '',
    command: 'blockdev-backup',
    what: 'a backup',
    type: 'backup',
    args: ({ nodes, target }) => ({ device: nodes[3], target, sync: 'full' }),
    slowly: { speed: 1 },
  },
  {
    slug: '',
    command: 'blockdev-mirror',
    what: 'a mirror',
    type: 'mirror',
    args: ({ nodes, target }) => ({ device: nodes[3], target, sync: 'full', ...filter(nodes) }),
    slowly: { speed: 1, granularity: CLUSTER, 'buf-size': CLUSTER },
    getsReady: true,
  },
  {
    slug: '',
    command: 'block-stream',
    what: 'a stream',
    type: 'stream',
    args: ({ nodes }) => ({ device: nodes[3], 'base-node': nodes[0] }),
    slowly: { speed: 1 },
  },
  {
    slug: '',
    command: 'block-commit',
    what: 'a commit of an image below',
    type: 'commit',
    args: ({ nodes, middle }) => ({ device: nodes[3], top: middle, ...filter(nodes) }),
    slowly: { speed: 1 },
  },
  {
    slug: 'active-',
    command: 'block-commit',
    what: 'a commit of the active image',
    type: 'commit',
    args: ({ nodes }) => ({ device: nodes[3], ...filter(nodes) }),
    getsReady: true,
  },
];

/** What a case uses that starts a job of that kind, and waits for its end. */
export const jobsOfKind = ({ command, getsReady }: JobKind): Needs =>
  needs(chainNodes, {
    commands: [command, 'block-job-cancel', 'query-block-jobs'],
    events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', ...(getsReady ? ['BLOCK_JOB_READY'] : [])],
  });
