/**
 * What a command does, as data: the types. `effects-table.ts` has an entry for each command and each action of a transaction;
 * who undoes, generates, follows or judges commands reads it there.
 */
import type { Json, JsonObject } from '../json.ts';

/** Kinds of things that commands make and remove. */
export type Resource =
  | 'bitmap'
  | 'device'
  | 'export'
  | 'file'
  | 'iothread'
  | 'job'
  | 'nbd-server'
  | 'node'
  | 'object'
  | 'snapshot';

/** What the text of an argument names. */
export type Reference = Resource | 'node-or-device';

/** What something goes away with: a bitmap with its node, an export with the NBD server. */
export interface Owner {
  readonly kind: Resource;
  /** Argument that names the owner; absent for what exists once. */
  readonly argument?: string;
  /** Arguments that must be so for the owner to be one. */
  readonly when?: Readonly<Record<string, string>>;
}

/** One thing that a command makes. */
export interface Made {
  readonly kind: Resource;
  /** Argument that names it, in the options of children too; absent for what exists once. */
  readonly argument?: string;
  /** Argument whose value is its name where `argument` is not given. */
  readonly otherwise?: string;
  readonly partOf?: Owner;
  /** Command that removes it. Without one it goes away by itself, or cannot be removed. */
  readonly undo?: string;
}

/** One thing that a command removes, and with it all that is part of it. */
export interface Removed {
  readonly kind: Resource;
  /** Argument that names it; absent for what exists once. */
  readonly argument?: string;
  readonly partOf?: Owner;
  /** Arguments with which it is removed even while it is in use. */
  readonly force?: JsonObject;
}

/** `create` and `amend` are jobs of images, the others block jobs. */
export type JobKind = 'amend' | 'backup' | 'commit' | 'create' | 'mirror' | 'stream';

/**
 * What happens to the contents of nodes. `unchanged`: nothing, and no node comes or goes. `unknown`: nobody can say. The
 * others name the rule by which contents are followed.
 */
export type ContentsEffect =
  | 'unchanged'
  | 'unknown'
  | 'bitmap-added'
  | 'bitmap-changed'
  | 'bitmap-cleared'
  | 'child-changed'
  | 'export-added'
  | 'export-removed'
  | 'guest-io'
  | 'image-made'
  | 'job-cancelled'
  | 'job-completed'
  | 'job-started'
  | 'node-added'
  | 'node-deleted'
  | 'node-resized'
  | 'nodes-reopened'
  | 'overlay-attached'
  | 'overlay-made'
  | 'server-started'
  | 'server-stopped';

/** A name that nothing has: of no node, device, job, bitmap, export, object, driver or type. */
export const NOBODY = 'qmpcheck-nobody';

/** Two members of which one says what the other does. */
export interface ExclusiveGroup {
  readonly members: readonly [string, string];
  /** Giving both is refused. */
  readonly both: boolean;
  /** Giving neither is refused. */
  readonly neither: boolean;
}

/** Where a node's description has the value of an argument. */
export interface Reported {
  /** Path of members: `image.virtual-size`. */
  readonly as: string;
  /** Value where the argument is not given; without one nothing is said then. */
  readonly otherwise?: Json;
  /** Numbers that differ by less may be told alike. */
  readonly granularity?: number;
}

/** A member of what a query tells, which a command changes. */
export interface Shown {
  /** What is described; the argument that names it is the one of that kind in `uses`. Of the machine there is one. */
  readonly of: 'bitmap' | 'device' | 'job' | 'machine';
  /** Path of members in its description. */
  readonly as: string;
  /** The argument whose value it has then. */
  readonly argument?: string;
  /** The value that it has then, where no argument says so; without either it is no longer there. */
  readonly value?: Json;
  /** Where the description has these members, nothing needs to change. */
  readonly unless?: JsonObject;
}

/** What one command or action does when it succeeds. Arguments are meant by their names. */
export interface CommandEffects {
  readonly contents: ContentsEffect;
  readonly makes?: readonly Made[];
  readonly removes?: readonly Removed[];
  /** Arguments that name what must be there, at any depth, with what that is. */
  readonly uses?: Readonly<Record<string, Reference>>;
  /** Who used the node that the first given one of `from` names uses the one that `to` names. */
  readonly moves?: { readonly from: readonly string[]; readonly to: string };
  /** The kind of job that it starts. */
  readonly job?: JobKind;
  /** Argument that holds a list of actions: the command does what they do. */
  readonly actions?: string;
  /**
   * How it is undone beyond the `undo` of what it makes: `needless` where nothing stays that would have to be taken back,
   * `impossible` where no command brings back what was.
   */
  readonly undo?: 'needless' | 'impossible';
  /** What `query-named-block-nodes` tells of the node then, by the argument that asks for it: `cache.direct` is one in another. */
  readonly reported?: Readonly<Record<string, Reported>>;
  /** What other queries tell of devices, jobs, bitmaps and the machine then. */
  readonly shows?: readonly Shown[];
  /** Optional arguments without which it is never accepted, or does nothing that can be seen. */
  readonly usual?: readonly string[];
  readonly exclusive?: readonly ExclusiveGroup[];
  /** Refused, it may have overwritten contents all the same. */
  readonly overwritesBeforeRefusal?: true;
  /**
   * Arguments with which it does nothing to anybody, so that it can be sent only to see whether an endpoint has it: what they
   * name is called `NOBODY`. Without them it is never sent for that.
   */
  readonly harmlessWith?: JsonObject;
  /** Why an endpoint that carries it out is no longer what it was, for its user or for others. */
  readonly disruptive?: string;
}
