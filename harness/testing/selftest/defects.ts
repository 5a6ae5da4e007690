/**
 * Planted defects: each looks at one command, with the state before it and the reply that the model gave, and may turn
 * it into a crash, a hang or a lie. `minimal` is the least number of calls that show it; where that is less than its
 * name tells, taking back what was made (a cancelled job, a deleted node) shows it too.
 */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../../spec/json.ts';
import type { SymptomKind } from '../../fuzz/buckets.ts';
import { DATA_DEFECTS } from './data-defects.ts';
import { LEAK_DEFECTS } from './leak-defects.ts';
import type { Model, ModelJob, Node } from './model-endpoint.ts';
import { RELATION_DEFECTS } from './relation-defects.ts';

/** One command as a defect sees it: state and reply are those after it, `was` is from before. */
export interface Moment {
  readonly command: string;
  readonly args: JsonObject;
  readonly reply: JsonObject;
  readonly model: Model;
  readonly was: { readonly jobs: ReadonlyMap<string, ModelJob>; readonly nodes: ReadonlyMap<string, Node> };
  /** Commands so far with their arguments, this one last. */
  readonly history: readonly string[];
  /** The scratch folder. */
  readonly dir: string;
  /** Sends an event. */
  emit(event: string, data?: JsonObject): void;
}

export type Effect = 'crash' | 'hang' | { readonly reply: JsonObject } | null;

export interface Defect {
  readonly name: string;
  readonly kind: SymptomKind;
  readonly minimal: number;
  /** Where it can be seen; default: `empty`. */
  readonly startState?: string;
  /** What is written instead of the data. */
  readonly writes?: (node: Node, data: Buffer) => Buffer;
  at(moment: Moment): Effect;
}

type DefectCondition = (moment: Moment) => boolean;

const refused = ({ reply }: Moment): boolean => reply.error !== undefined;
const accepted = (moment: Moment): boolean => !refused(moment);
const node = ({ was, args }: Moment, member: string): Node | undefined => was.nodes.get(String(args[member]));
const job = ({ was, args }: Moment): ModelJob | undefined => was.jobs.get(String(args.device));
const earlier = ({ history }: Moment, text: RegExp): number =>
  history.slice(0, -1).filter((line) => text.test(line)).length;
/** Whether such a command with this value among its arguments was accepted before. */
const hadWith = ({ history }: Moment, command: string, value: Json | undefined): boolean =>
  history.slice(0, -1).some((line) => {
    const text = stringifyJson(value ?? null);
    return line.startsWith(`${command} `) && line.endsWith(' ok') && line.includes(text);
  });

function defect(
  kind: 'crash' | 'hang',
  name: string,
  minimal: number,
  commands: string,
  when: DefectCondition,
): Defect {
  const list = commands.split(' ');
  return {
    name,
    kind,
    minimal,
    at: (moment) => ((commands === '*' || list.includes(moment.command)) && when(moment) ? kind : null),
  };
}

const crash = defect.bind(null, 'crash');
const hang = defect.bind(null, 'hang');

/** `change` gives the reply that is sent instead, or changes the model and gives null. */
function lie(
  name: string,
  minimal: number,
  command: string,
  when: DefectCondition,
  change: (moment: Moment) => JsonObject | null,
): Defect {
  return {
    name,
    kind: 'deviation',
    minimal,
    at: (moment) => {
      if (moment.command !== command || !when(moment)) return null;
      const reply = change(moment);
      return reply && { reply };
    },
  };
}

const JOBS = 'blockdev-mirror blockdev-backup block-stream';
const always: DefectCondition = () => true;

export const DEFECTS: readonly Defect[] = [
  crash(
    'third identical call',
    3,
    '*',
    ({ history }) => history.filter((line) => line === history.at(-1)).length >= 3,
  ),
  crash(
    'deletion of a node with a bitmap',
    3,
    'blockdev-del',
    (m) => (node(m, 'node-name')?.bitmaps.size ?? 0) > 0 && accepted(m),
  ),
  crash('resize to nothing', 2, 'block_resize', (m) => accepted(m) && Number(m.args.size) === 0),
  crash('resize beyond 2^62', 2, 'block_resize', (m) => accepted(m) && Number(m.args.size) >= 2 ** 62),
  crash('negative size of a new node', 1, 'blockdev-add', ({ args }) => Number(args.size) < 0),
  crash(
    'mirror of a node into itself',
    2,
    'blockdev-mirror',
    (m) => node(m, 'device') !== undefined && m.args.device === m.args.target,
  ),
  crash(
    'cancelling a paused mirror by force',
    3,
    'block-job-cancel',
    (m) => job(m)?.paused === true && m.args.force === true,
  ),
  crash('second mirror of a node', 3, 'blockdev-mirror', ({ was, args }) =>
    [...was.jobs.values()].some(({ device }) => device === args.device),
  ),
  crash(
    'negative speed of a job that is ready',
    4,
    'block-job-set-speed',
    (m) => job(m)?.ready === true && Number(m.args.speed) < 0,
  ),
  crash(
    'coarsest granularity of a bitmap',
    2,
    'block-dirty-bitmap-add',
    (m) => accepted(m) && m.args.granularity === 2 ** 31,
  ),
  crash(
    'bitmap of a name that is taken',
    3,
    'block-dirty-bitmap-add',
    (m) => node(m, 'node')?.bitmaps.has(String(m.args.name)) === true && refused(m),
  ),
  crash(
    'clearing a bitmap after a resize',
    4,
    'block-dirty-bitmap-clear',
    (m) => accepted(m) && node(m, 'node')!.resized,
  ),
  crash('deletion of a node under a job', 3, 'blockdev-del', ({ was, args }) =>
    [...was.jobs.values()].some(({ device }) => device === args['node-name']),
  ),
  crash(
    'overlay of itself',
    2,
    'blockdev-snapshot',
    (m) => node(m, 'node') !== undefined && m.args.node === m.args.overlay,
  ),
  crash('chain of three', 4, 'blockdev-snapshot', (m) => accepted(m) && node(m, 'node')!.backing !== null),
  crash('job-id that is taken', 3, JOBS, ({ was, args }) => was.jobs.has(String(args['job-id']))),
  crash('duplicate node-name', 2, 'blockdev-add', (m) => node(m, 'node-name') !== undefined),
  crash('resize of a read-only node', 2, 'block_resize', (m) => node(m, 'node-name')?.readOnly === true),
  crash('fifth node', 5, 'blockdev-add', ({ model }) => model.nodes.size >= 5),
  crash(
    'speed of a job that was cancelled',
    5,
    'block-job-set-speed',
    (m) => job(m) === undefined && hadWith(m, 'block-job-cancel', m.args.device),
  ),
  crash('resuming a job that is not paused', 3, 'block-job-resume', (m) => job(m)?.paused === false),
  crash(
    'incremental backup without a bitmap',
    1,
    'blockdev-backup',
    ({ args }) => args.sync === 'incremental' && args.bitmap === undefined,
  ),
  crash(
    'backup into a smaller node',
    3,
    'blockdev-backup',
    (m) => (node(m, 'device')?.size ?? 0) > (node(m, 'target')?.size ?? Number.MAX_VALUE),
  ),
  crash('mirror of granularity 0', 1, 'blockdev-mirror', ({ args }) => args.granularity === 0),
  crash(
    'cancelling the mirror of a node that was resized',
    4,
    'block-job-cancel',
    (m) => job(m)?.type === 'mirror' && m.was.nodes.get(job(m)!.device)?.resized === true,
  ),
  crash(
    'second life of a node-name',
    3,
    'blockdev-del',
    (m) => accepted(m) && hadWith(m, 'blockdev-del', m.args['node-name']),
  ),
  crash(
    'internal snapshot of a name that is taken',
    3,
    'blockdev-snapshot-internal-sync',
    (m) => node(m, 'device')?.snapshots.has(String(m.args.name)) === true && refused(m),
  ),
  crash(
    'overlay over a node with a bitmap',
    4,
    'blockdev-snapshot',
    (m) => accepted(m) && node(m, 'node')!.bitmaps.size > 0,
  ),
  crash(
    'streaming into a node with a bitmap',
    3,
    'block-stream',
    (m) => (node(m, 'device')?.bitmaps.size ?? 0) > 0,
  ),
  crash(
    'deletion of a backing node',
    3,
    'blockdev-del',
    (m) => refused(m) && [...m.was.nodes.values()].some(({ backing }) => backing === m.args['node-name']),
  ),
  crash('completing a job that is not ready', 3, 'block-job-complete', (m) => job(m)?.ready === false),
  crash(
    'write threshold beyond the end',
    2,
    'block-set-write-threshold',
    (m) => accepted(m) && Number(m.args['write-threshold']) > node(m, 'node-name')!.size,
  ),
  hang('pausing a job that never was', 1, 'block-job-pause', (m) => job(m) === undefined),
  hang('completing a paused mirror', 5, 'block-job-complete', (m) => job(m)?.paused === true),
  hang(
    'removing a bitmap again',
    4,
    'block-dirty-bitmap-remove',
    (m) => refused(m) && hadWith(m, 'block-dirty-bitmap-remove', m.args.name),
  ),
  hang('streaming beside another job', 3, 'block-stream', ({ was }) => was.jobs.size > 0),
  hang('pausing twice', 4, 'block-job-pause', (m) => job(m)?.paused === true),
  hang('change of a node without children', 2, 'x-blockdev-change', (m) => node(m, 'parent') !== undefined),
  hang(
    'backup while a node is resized twice',
    5,
    'blockdev-backup',
    (m) => accepted(m) && earlier(m, /^block_resize .* ok$/) >= 2,
  ),
  lie('return and error at once', 2, 'block_resize', accepted, () => ({
    return: {},
    error: { class: 'GenericError', desc: 'x' },
  })),
  lie('error class that QMP does not know', 1, 'blockdev-del', refused, () => ({
    error: { class: 'NodeNotFound', desc: 'no such node' },
  })),
  lie('error without a text', 1, 'block-dirty-bitmap-remove', refused, () => ({
    error: { class: 'GenericError' },
  })),
  lie('foreign member in a reply', 1, 'query-blockstats', always, () => ({ return: [], seconds: 1 })),
  lie(
    'speed as a text',
    3,
    'query-block-jobs',
    ({ was }) => was.jobs.size > 0,
    ({ reply }) => withMember(reply, 'speed', '0'),
  ),
  lie(
    'node without ro once it has a bitmap',
    3,
    'query-named-block-nodes',
    ({ was }) => [...was.nodes.values()].some(({ bitmaps }) => bitmaps.size > 0),
    ({ reply }) => withMember(reply, 'ro', null),
  ),
  lie(
    'event that the schema does not have',
    2,
    'blockdev-add',
    ({ was }) => was.nodes.size > 0,
    ({ emit }) => {
      emit('NODE_ADDED');
      return null;
    },
  ),
  lie('event without its data', 3, 'blockdev-mirror', accepted, ({ emit }) => {
    emit('BLOCK_JOB_READY', { type: 'mirror' });
    return null;
  }),
  lie('query that counts in the state', 2, 'query-blockstats', always, ({ model }) =>
    forEachNode(model, (one) => {
      one.threshold += 1;
    }),
  ),
  lie('query that drops a bitmap', 3, 'query-block', always, ({ model }) =>
    forEachNode(model, ({ bitmaps }) => bitmaps.clear()),
  ),
  lie(
    'refused bitmap that is there',
    2,
    'block-dirty-bitmap-add',
    (m) => refused(m) && node(m, 'node')?.bitmaps.size === 0,
    (m) => {
      node(m, 'node')!.bitmaps.set('ghost', 512);
      return null;
    },
  ),
  lie(
    'refused resize that resizes',
    2,
    'block_resize',
    (m) => refused(m) && node(m, 'node-name') !== undefined,
    (m) => {
      node(m, 'node-name')!.size = 77;
      return null;
    },
  ),
  lie(
    'refused overlay that makes read-only',
    2,
    'blockdev-snapshot',
    (m) => refused(m) && node(m, 'node') !== undefined,
    (m) => {
      node(m, 'node')!.readOnly = true;
      return null;
    },
  ),
  ...DATA_DEFECTS,
  ...RELATION_DEFECTS,
  ...LEAK_DEFECTS,
  lie('deleted node that leaves another', 1, 'blockdev-del', accepted, ({ model, was }) => {
    const [any] = was.nodes.values();
    model.nodes.set('ghost', { ...any!, name: 'ghost', backing: null });
    return null;
  }),
];

function forEachNode(model: Model, change: (node: Node) => void): null {
  for (const one of model.nodes.values()) change(one);
  return null;
}

/** The list that is returned, with a member of each item set, or taken away with null. */
function withMember({ return: list }: JsonObject, member: string, value: string | null): JsonObject {
  const items = (Array.isArray(list) ? list : []).filter(isJsonObject).map(({ [member]: _old, ...rest }) => ({
    ...rest,
    ...(value !== null && { [member]: value }),
  }));
  return { return: items };
}

/** A line of the history. */
export function historyLine(command: string, args: JsonObject, reply: JsonObject): string {
  return `${command} ${stringifyJson(args)} ${reply.error === undefined ? 'ok' : 'refused'}`;
}
