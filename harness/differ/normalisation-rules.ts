/**
 * What two right endpoints may do differently, as data. Nothing here edits what was recorded: a rule says of a member,
 * a list or a part of a text how it is compared.
 */
import { JOB_QUERIES } from '../state/job-state.ts';

/** `free`: any two values are equal. `timing`: a difference is told as one of timing. `should`: one of detail. */
export type Treatment = 'free' | 'timing' | 'should';

export interface MemberRule {
  readonly treat: Treatment;
  readonly members: readonly string[] | RegExp;
  /** Commands and `event NAME`s; absent: everywhere. */
  readonly in?: readonly string[];
  readonly reason: string;
}

export const MEMBER_RULES: readonly MemberRule[] = [
  {
    treat: 'free',
    members: ['actual-size', 'date-sec', 'date-nsec', 'vm-clock-sec', 'vm-clock-nsec'],
    reason: 'the host decides what a file occupies, what time it is and how long something has run',
  },
  {
    treat: 'free',
    members: ['cid', 'parent-cid', 'uuid', 'thread-id'],
    reason: 'made up by the endpoint, or a count of its own',
  },
  {
    treat: 'free',
    members: ['iters', 'master-key-iters'],
    reason: 'measured on this machine',
  },
  { treat: 'free', members: /_(time|latency)_ns$|_queue_depth$/, reason: 'measured in time' },
  {
    treat: 'free',
    members: ['qemu', 'package'],
    in: ['raw bytes'],
    reason: 'which version the endpoint is, where query-version was sent as bytes',
  },
  {
    treat: 'timing',
    members: ['offset', 'busy', 'current-progress', 'total-progress', 'len', 'actively-synced'],
    in: JOB_QUERIES,
    reason: 'how far a running job is',
  },
  {
    treat: 'timing',
    members: ['status', 'io-status', 'paused', 'ready'],
    in: JOB_QUERIES,
    reason: 'where a running job is',
  },
  {
    treat: 'timing',
    members: ['offset', 'speed'],
    in: ['event BLOCK_JOB_CANCELLED', 'event BLOCK_JOB_READY'],
    reason: 'how far a job was, and how fast at that moment',
  },
  {
    treat: 'timing',
    members: ['len'],
    in: ['event BLOCK_JOB_READY'],
    reason: 'what is allocated when a job is ready',
  },
];

/** Commands whose answer is who the endpoint is: `qmpcheck schema diff` compares that. */
export const SELF_DESCRIPTIONS: ReadonlySet<string> = new Set([
  'query-qmp-schema',
  'query-commands',
  'query-events',
  'query-version',
  'qom-list-types',
]);

/** Lists in which order means nothing: items are compared with the one of the same key. */
export interface ListRule {
  readonly in: readonly string[];
  /** Path of the list, without positions. */
  readonly path: string;
  /** The first of these members that an item has is its key. */
  readonly by: readonly string[];
  /** Where the key is made up by the endpoints: only items that are equal in this member are the same. */
  readonly alike?: string;
}

export const LIST_RULES: readonly ListRule[] = [
  { in: ['query-named-block-nodes'], path: '$.return', by: ['node-name'], alike: 'drv' },
  { in: ['query-named-block-nodes'], path: '$.return[].dirty-bitmaps', by: ['name'] },
  { in: ['query-block'], path: '$.return', by: ['device', 'qdev'] },
  { in: ['query-block'], path: '$.return[].dirty-bitmaps', by: ['name'] },
  { in: ['query-blockstats'], path: '$.return', by: ['device', 'node-name'] },
  { in: ['query-block-jobs'], path: '$.return', by: ['device'] },
  { in: ['query-jobs', 'query-block-exports', 'query-iothreads'], path: '$.return', by: ['id'] },
];

/** What a side is told by the host that another side was not: both run on the same one, and only one can have it. */
export const TAKEN_ON_HOST = /\bAddress already in use\b/;

/** Parts of texts. `name`: each side makes up its own, used alike. `free`: any two are equal. */
export interface TextRule {
  readonly treat: 'name' | 'free';
  /** Global. */
  readonly pattern: RegExp;
  readonly reason: string;
}

/** Node names that endpoints make up. */
export const MADE_NAME = /#block\d+/g;
/** How long something took; the group is the unit. */
export const MEASURED_TIME = /\bafter \d+ (ms|milliseconds)\b/g;
/** QEMU's names for the temporary overlays of `snapshot=on`. */
export const TEMPORARY_FILE = /\/(?:\w+\/)*vl\.\w{6}\b/g;

export const TEXT_RULES: readonly TextRule[] = [
  { treat: 'name', pattern: MADE_NAME, reason: 'node names that the endpoint makes up' },
  { treat: 'free', pattern: MEASURED_TIME, reason: 'a measured time' },
  { treat: 'free', pattern: TEMPORARY_FILE, reason: "the endpoint's own temporary files" },
  { treat: 'free', pattern: /^\w*qemu[\w-]*: /g, reason: 'the name of the program' },
];

/** Members that tell whose event it is: the order of events is that of each source, not that between sources. */
export const EVENT_SOURCES: readonly string[] = ['id', 'device', 'node-name', 'qom-path', 'reference'];

/** The rule for a member of this reply or event, or of any. */
export function memberRule(member: string, subject = ''): MemberRule | undefined {
  return MEMBER_RULES.find(
    ({ members, in: where }) =>
      (where === undefined || where.includes(subject)) &&
      (members instanceof RegExp ? members.test(member) : members.includes(member)),
  );
}

export function listRule(path: string, subject: string): ListRule | undefined {
  const bare = path.replace(/\[\d+\]/g, '[]');
  return LIST_RULES.find((rule) => rule.path === bare && rule.in.includes(subject));
}
