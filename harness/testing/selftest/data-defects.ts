/** Planted defects whose damage is in contents alone: every reply is as it should be. */

import type { Defect, Moment } from './defects.ts';
import { CLUSTER, pattern } from './model-contents.ts';
import type { Model, ModelJob, Node } from './model-endpoint.ts';

/** On the start state of that name there is a chain of two nodes, and a node beside it. */
const GROUND = 'chain';

function damage(name: string, minimal: number, commands: string, at: (moment: Moment) => void): Defect {
  return {
    name,
    kind: 'deviation',
    minimal,
    startState: GROUND,
    at: (moment) => {
      if (commands.split(' ').includes(moment.command) && moment.reply.error === undefined) at(moment);
      return null;
    },
  };
}

/** A job that ended with this command. */
function ended({ was, model }: Moment, type: string): ModelJob | undefined {
  return [...was.jobs.values()].find((job) => job.type === type && !model.jobs.has(job.id));
}

const jobOf = ({ was, args }: Moment): ModelJob | undefined => was.jobs.get(String(args.device));

/** Guests see other bytes in one cluster. */
function lose(model: Model, name: string | null | undefined, index: number): void {
  model.nodes.get(name ?? '')?.clusters.set(index, Buffer.alloc(CLUSTER));
}

const ALL_JOBS = 'block-job-set-speed block-job-complete';

export const DATA_DEFECTS: readonly Defect[] = [
  damage('cancelled mirror after a resize loses a cluster', 4, 'block-job-cancel', (m) => {
    const job = jobOf(m);
    if (job?.type === 'mirror' && m.was.nodes.get(job.device)?.resized === true) lose(m.model, job.device, 0);
  }),
  damage('stream drops a cluster', 2, 'block-stream', (m) => {
    const device = m.model.nodes.get(String(m.args.device));
    if (m.model.jobs.size === 0 && device !== undefined) lose(m.model, device.name, 1);
  }),
  damage('commit writes at a wrong offset', 3, 'block-job-complete', (m) => {
    const base = m.model.nodes.get(ended(m, 'commit')?.base ?? '');
    if (base === undefined) return;
    const [first, second] = [base.clusters.get(0)!, base.clusters.get(1)!];
    base.clusters.set(0, second).set(1, first);
  }),
  damage('commit drops what was written to the overlay while it was ready', 3, 'block-job-complete', (m) => {
    const job = ended(m, 'commit');
    const written = [...(m.model.nodes.get(job?.device ?? '')?.clusters ?? [])].find(
      ([index, cluster]) => !cluster.equals(pattern(1, index)),
    );
    if (written !== undefined) lose(m.model, job?.base, written[0]);
  }),
  damage('backup misses a copy before a write', 3, 'block-job-set-speed', (m) => {
    const job = ended(m, 'backup');
    if (job === undefined) return;
    for (const [index, cluster] of m.model.nodes.get(job.device)!.clusters)
      m.model.nodes.get(job.target!)?.clusters.set(index, cluster);
  }),
  damage('completed mirror lacks its last cluster', 3, 'block-job-complete', (m) => {
    const job = ended(m, 'mirror');
    const last = Math.max(0, ...(m.model.nodes.get(job?.device ?? '')?.clusters.keys() ?? []));
    lose(m.model, job?.target, last);
  }),
  damage('resize takes a cluster along', 2, 'block_resize', (m) => {
    const node = m.model.nodes.get(String(m.args['node-name']));
    if (node !== undefined && node.size > 2 * CLUSTER) lose(m.model, node.name, 1);
  }),
  damage('pausing a mirror forgets the start of its source', 3, 'block-job-pause', (m) => {
    if (jobOf(m)?.type === 'mirror') lose(m.model, jobOf(m)?.device, 0);
  }),
  damage('overlay that is put above a node hides it', 2, 'blockdev-snapshot', (m) =>
    lose(m.model, String(m.args.node), 3),
  ),
  damage('job that is told to end damages a node beside it', 3, ALL_JOBS, (m) => {
    const job = ['mirror', 'commit', 'backup'].map((type) => ended(m, type)).find((one) => one !== undefined);
    if (job === undefined) return;
    const beside = [...m.model.nodes.values()].find(
      ({ name }) => ![job.device, job.target, job.base].includes(name),
    );
    lose(m.model, beside?.name, 2);
  }),
  damage('closed image lacks the last byte that its node had', 1, 'blockdev-del', (m) => {
    const file = m.was.nodes.get(String(m.args['node-name']))?.file;
    m.model.closed
      .get(file ?? '')
      ?.subarray(-1)
      .fill(0);
  }),
  {
    ...damage('write to an overlay loses its last byte', 1, '', () => undefined),
    writes: (node: Node, data: Buffer) => (node.backing === null ? data : data.subarray(0, data.length - 1)),
  },
];
