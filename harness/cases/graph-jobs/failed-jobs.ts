/** What a stream or commit leaves that fails half way: images as read-only as they were. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, makeLayers } from '../helpers/backing-chains.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { type CaseFile, KiB, needs, nodeInfo } from '../helpers/shared-setup.ts';

const CLUSTER = 64 * KiB;
const SIZE = 4 * CLUSTER;
const RULE = { event: 'read_aio', errno: 5, once: true };

/** Three read-only images, bottom first, of which the one in the middle fails to be read once. */
async function failingChain(t: CaseContext): Promise<string[]> {
  const layer = { size: SIZE, clusterSize: CLUSTER };
  const clusters = new Map([[1, 0x22]]);
  const [below, middle, above] = (await makeLayers(t, [layer, { ...layer, clusters }, layer])) as [
    CaseFile,
    CaseFile,
    CaseFile,
  ];
  const base = await addQcow2(t, below, { 'read-only': true });
  const failing = { file: failingFile(middle, RULE), 'read-only': true };
  const between = await addQcow2(t, middle, { ...failing, backing: base });
  return [base, between, await addQcow2(t, above, { 'read-only': true, backing: between })];
}

/** The cases of jobs that fail. */
export const failedJobs: readonly CaseDefinition[] = (['block-commit', 'block-stream'] as const).map(
  (command) => ({
    id: `${command}/failed-stays-read-only`,
    title: `A ${command} of read-only images that fails half way leaves each of them read-only, and the chain as it was`,
    requirements: [command === 'block-commit' ? 'block-commit/reopens-base' : 'block-stream/read-only'],
    needs: needs(chainNodes, {
      commands: [command],
      nodes: ['failing'],
      events: ['BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const nodes = await failingChain(t);
      const id = t.name('job');
      const { file: top = null } = await nodeInfo(t, nodes[1]!);
      const args = { 'job-id': id, device: nodes[2]!, ...(command === 'block-commit' && { top }) };
      const { error } = await t.request({ execute: command, arguments: args });
      // An endpoint may refuse to stream into a read-only image.
      t.check(error === undefined || command === 'block-stream', 'the commit must begin', 'it is refused');
      if (error === undefined) {
        const { data = null } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
        const told = (data as { error?: unknown } | null)?.error;
        t.check(typeof told === 'string', 'a job that cannot read must fail', 'it succeeds');
      }
      for (const [depth, node] of nodes.entries())
        t.contains(
          await nodeInfo(t, node),
          { ro: true, backing_file_depth: depth },
          'every image must be as it was before the job',
        );
    },
  }),
);
