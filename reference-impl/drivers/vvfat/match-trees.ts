/**
 * Which file of the host is which one of the guest's tree. A file that begins with the same cluster is the same, also under another
 * name; else one of the same name in the same directory.
 */

import { isHostName } from '../../host/host-directory.ts';
import { type GuestItem, type GuestTree, Inconsistency } from './guest-tree.ts';
import { firstCluster, type Item } from './shown-tree.ts';

/** An item of the guest, and what the host has of it. */
export interface Match {
  readonly guest: GuestItem;
  /** Nothing if it is new, until it is made. */
  item: Item | undefined;
  /** As the host calls it from now on. */
  readonly hostName: Buffer;
}

export interface Matches {
  /** Without the top; directories come before what is in them. */
  readonly all: ReadonlyMap<GuestItem, Match>;
  /** Those that are not what they were. */
  readonly changed: readonly Match[];
  /** What the guest has no more. Directories come before what is in them. */
  readonly gone: readonly Item[];
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * `items`: directories come before what is in them. `before`: the matches of all of them, as far as they are known.
 * Throws `Inconsistency` for names that the host cannot have.
 */
export function matchTrees(
  items: readonly Item[],
  tree: GuestTree,
  before: ReadonlyMap<GuestItem, Match>,
): Matches {
  const top = items[0]!;
  const guests = tree.items.slice(1);
  const fresh = guests.filter((guest) => !before.has(guest));
  const found = new Map<GuestItem, Item>([[tree.top, top]]);
  const left = new Set(items);
  const take = (guest: GuestItem, item: Item | undefined) => {
    if (!item || item.isDirectory !== guest.isDirectory || !left.delete(item)) return;
    found.set(guest, item);
  };
  left.delete(top);
  for (const guest of guests) take(guest, before.get(guest)?.item);
  const byCluster = new Map([...left].map((item) => [firstCluster(item), item]));
  for (const guest of fresh) if (guest.chain[0]) take(guest, byCluster.get(guest.chain[0].first));
  const byName = namesIn(left);
  const others = fresh.filter((guest) => !found.has(guest));
  for (const isSame of [sameName, sameButForCase])
    for (const guest of others) {
      const parent = found.get(guest.parent!);
      const named = (parent && byName.get(parent)?.get(guest.name.toLowerCase())) ?? [];
      if (!found.has(guest))
        take(
          guest,
          named.find((item) => left.has(item) && isSame(guest, item)),
        );
    }
  const all = new Map(
    guests.map((guest) => [guest, before.get(guest) ?? matchOf(guest, found.get(guest))] as const),
  );
  const changed = fresh.map((guest) => all.get(guest)!);
  checkNames(all.values(), new Set(fresh.map(({ parent }) => parent)));
  return { all, changed, gone: [...left] };
}

function matchOf(guest: GuestItem, item: Item | undefined): Match {
  const isKept = item && (sameName(guest, item) || sameButForCase(guest, item));
  return { guest, item, hostName: isKept ? item.hostName : hostNameOf(guest.name) };
}

const sameName = (guest: GuestItem, item: Item): boolean => item.name === guest.name;

const sameButForCase = (guest: GuestItem, item: Item): boolean =>
  guest.hasNoCase && item.name.toLowerCase() === guest.name;

/** By directory, and by name without its case. */
function namesIn(items: Iterable<Item>): Map<Item, Map<string, Item[]>> {
  const names = new Map<Item, Map<string, Item[]>>();
  for (const item of items) {
    const siblings = names.get(item.parent!) ?? new Map<string, Item[]>();
    names.set(item.parent!, siblings);
    const name = item.name.toLowerCase();
    siblings.set(name, [...(siblings.get(name) ?? []), item]);
  }
  return names;
}

function hostNameOf(name: string): Buffer {
  const bytes = Buffer.from(name);
  if (!isHostName(bytes) || LONE_SURROGATE.test(name))
    throw new Inconsistency(`the host can have no file '${name}'`);
  return bytes;
}

/** In these directories, no two may have the same name. */
function checkNames(matches: Iterable<Match>, parents: ReadonlySet<GuestItem | undefined>): void {
  const taken = new Map<GuestItem, Set<string>>();
  for (const { guest, hostName } of matches) {
    const parent = guest.parent!;
    if (!parents.has(parent)) continue;
    const siblings = taken.get(parent) ?? new Set<string>();
    const key = hostName.toString('latin1');
    if (siblings.has(key)) throw new Inconsistency(`two files are called '${guest.name}'`);
    taken.set(parent, siblings.add(key));
  }
}
