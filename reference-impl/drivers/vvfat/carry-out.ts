/**
 * Makes the directory of the host what the guest's tree is. In this order:
 *
 * 1. what clusters hold that change hands is kept, so that it no longer depends on the files that they came from
 * 2. new contents are written: to files of their own at first, in place where a file only grows
 * 3. directories are made, files get their places; all of that is taken back if a step fails
 * 4. files are cut, and those that are gone are removed
 *
 * Files that the guest never saw are never touched: what stands in its way fails.
 */
import { IoError } from '../../host/errno.ts';
import type { EditedFile, HostDirectory, HostPath } from '../../host/host-directory.ts';
import { isZero } from '../../host/zero.ts';
import { clusterOffset, type FatLayout, SECTOR } from './fat-layout.ts';
import type { GuestItem } from './guest-tree.ts';
import type { Match, Matches } from './match-trees.ts';
import type { ShownDisk } from './shown-disk.ts';
import { type ClusterRun, clustersOf, type Item, pathOf } from './shown-tree.ts';

export interface Target {
  readonly host: HostDirectory;
  readonly layout: FatLayout;
  readonly disk: ShownDisk;
  /** 32 bits. */
  readonly random: () => number;
  /** What the file holds is not on stable storage. */
  changed(item: Item): void;
  log(line: string): void;
}

/** How much of a file is copied at once. */
const CHUNK = 0x100000;

/** Gives the items that guest and host have both when it is done; `items`, those of before. Throws `IoError`. */
export function carryOut(target: Target, items: readonly Item[], matches: Matches): Promise<readonly Item[]> {
  return new Change(target, items, matches).carryOut();
}

/** A link is replaced by a file that holds what it led to; nothing happens to any other file. Throws `IoError`. */
export async function ownFile(target: Target, items: readonly Item[], item: Item): Promise<void> {
  if (await target.host.isOwnFile(pathOf(item))) return;
  await new Change(target, items, NO_MATCHES).replace(item);
}

const NO_MATCHES: Matches = { all: new Map(), changed: [], gone: [] };

class Change {
  readonly #target: Target;
  readonly #matches: Matches;
  readonly #top: Item;
  readonly #places: Places;
  /** How to take back what was done, the last step last. */
  readonly #undo: (() => Promise<void>)[] = [];
  /** Files and links that others stand for now. */
  readonly #retired: HostPath[] = [];
  /** Where files are until they have their places. */
  #stage: Item | undefined;
  #staged = 0;

  constructor(target: Target, items: readonly Item[], matches: Matches) {
    this.#target = target;
    this.#top = items[0]!;
    this.#matches = matches;
    this.#places = new Places(items);
  }

  async carryOut(): Promise<readonly Item[]> {
    const { all, changed } = this.#matches;
    await this.#undoneOnError(async () => {
      for (const match of changed) await this.#keepWhatComes(match);
      for (const match of changed) match.item = await this.#contents(match);
      for (const match of changed) await this.#place(match);
    });
    await this.#cut();
    await this.#removeGone();
    return [this.#top, ...[...all.values()].map(({ item }) => item!)];
  }

  async replace(item: Item): Promise<void> {
    const { parent, hostName, size } = item;
    await this.#undoneOnError(async () => {
      const copy = (position: number, buffer: Uint8Array) =>
        this.#target.host.read(pathOf({ ...item, parent, hostName }), position, buffer);
      await this.#rewrite(item, size, copy);
      await this.#move(item, parent!, hostName);
    });
    await this.#removeStage();
  }

  async #undoneOnError(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      for (const step of this.#undo.toReversed()) await step().catch(ignoreFailure);
      throw error;
    }
  }

  async #keepWhatComes({ guest, item }: Match): Promise<void> {
    const { disk } = this.#target;
    let index = 0;
    for (const cluster of clustersOf(guest.chain)) {
      const place = disk.placeOf(cluster);
      const comes = place ? place.item !== item || place.index !== index : !guest.isDirectory;
      if (comes) await disk.keep(cluster);
      index += 1;
    }
  }

  /** Sees to it that the host has what the item holds; where that is, is another matter. */
  async #contents({ guest, item }: Match): Promise<Item> {
    if (guest.isDirectory) return item ?? (await this.#newDirectory());
    const read = (position: number, buffer: Uint8Array) => this.#readChain(guest.chain, position, buffer);
    if (!item) {
      const made = await this.#newItem(false);
      await this.#fill(pathOf(made), true, 0, guest.size, read);
      this.#target.changed(made);
      return made;
    }
    if (!isSameStart(item.chain, guest.chain) || !(await this.#isInPlace(item, guest)))
      await this.#rewrite(item, guest.size, read);
    else if (guest.size > item.size) {
      const { size } = item;
      this.#undo.push(() => this.#resize(item, size));
      await this.#fill(pathOf(item), false, size, guest.size, read);
      this.#target.changed(item);
    }
    return item;
  }

  async #isInPlace(item: Item, { size }: GuestItem): Promise<boolean> {
    return size === item.size || (await this.#target.host.isOwnFile(pathOf(item)));
  }

  /** A file beside the old one gets what `read` gives; the old one stands aside. */
  async #rewrite(
    item: Item,
    size: number,
    read: (position: number, buffer: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const { host, changed } = this.#target;
    const found = await host.stat(pathOf(item)).catch(ignoreFailure);
    const fresh = await this.#newItem(false);
    await this.#fill(pathOf(fresh), true, 0, size, read, found?.mode);
    const aside = await this.#newItem(false);
    await this.#move(item, aside.parent!, aside.hostName);
    this.#retired.push(pathOf(aside));
    this.#places.set(item, fresh.parent!, fresh.hostName);
    this.#undo.push(async () => this.#places.set(item, aside.parent!, aside.hostName));
    changed(item);
  }

  async #newDirectory(): Promise<Item> {
    const made = await this.#newItem(true);
    await this.#target.host.makeDirectory(pathOf(made));
    this.#undo.push(() => this.#target.host.removeDirectory(pathOf(made)));
    return made;
  }

  /** Of a name that nothing has yet, where files wait. */
  async #newItem(isDirectory: boolean): Promise<Item> {
    const { host, random } = this.#target;
    if (!this.#stage) {
      const hostName = Buffer.from(`.vvfat-${random()}`);
      const stage = { isDirectory: true, parent: this.#top, hostName, name: '', chain: [], size: 0 };
      await host.makeDirectory(pathOf(stage));
      this.#undo.push(() => host.removeDirectory(pathOf(stage)));
      this.#stage = stage;
    }
    const hostName = Buffer.from(String(this.#staged++));
    return { isDirectory, parent: this.#stage, hostName, name: '', chain: [], size: 0 };
  }

  /** Writes bytes `from` to `to` of a file. */
  async #fill(
    path: HostPath,
    create: boolean,
    from: number,
    to: number,
    read: (position: number, buffer: Uint8Array) => Promise<void>,
    mode?: number,
  ): Promise<void> {
    const { host } = this.#target;
    if (create) this.#undo.push(() => host.removeFile(path));
    await host.edit(path, create, async (file: EditedFile) => {
      // whatever the host has put behind the end
      if (!create) await file.truncate(from);
      await file.truncate(to);
      for (let at = from; at < to; at += CHUNK) {
        const buffer = new Uint8Array(Math.min(CHUNK, to - at));
        await read(at, buffer);
        if (!isZero(buffer)) await file.write(at, buffer);
      }
      if (mode !== undefined) await file.setMode(mode);
    });
  }

  /** Bytes of the file that these clusters are, as the guest sees them. */
  async #readChain(chain: readonly ClusterRun[], position: number, buffer: Uint8Array): Promise<void> {
    const { layout, disk } = this.#target;
    const start = Math.floor(position / SECTOR) * SECTOR;
    const whole = new Uint8Array(Math.ceil((position + buffer.length - start) / SECTOR) * SECTOR);
    let runStart = 0;
    for (const { first, count } of chain) {
      const runEnd = runStart + count * layout.clusterBytes;
      const [from, to] = [Math.max(start, runStart), Math.min(start + whole.length, runEnd)];
      if (from < to)
        await disk.read(
          clusterOffset(layout, first) + from - runStart,
          whole.subarray(from - start, to - start),
        );
      runStart = runEnd;
    }
    buffer.set(whole.subarray(position - start, position - start + buffer.length));
  }

  async #place({ guest, item: made, hostName }: Match): Promise<void> {
    const item = made!;
    const parent = this.#itemOf(guest.parent!);
    if (item.parent === parent && item.hostName.equals(hostName)) return;
    const other = this.#places.at(parent, hostName);
    if (other) {
      const aside = await this.#newItem(other.isDirectory);
      await this.#move(other, aside.parent!, aside.hostName);
    }
    await this.#move(item, parent, hostName);
  }

  async #move(item: Item, parent: Item, hostName: Buffer): Promise<void> {
    const { host } = this.#target;
    const old = { parent: item.parent!, hostName: item.hostName };
    const from = pathOf(item);
    await host.rename(from, [...pathOf(parent), hostName]);
    this.#places.set(item, parent, hostName);
    this.#undo.push(async () => {
      const now = pathOf(item);
      this.#places.set(item, old.parent, old.hostName);
      await host.rename(now, pathOf(item));
    });
  }

  /** Files get their new ends, and all items what the guest knows of them. */
  async #cut(): Promise<void> {
    for (const { guest, item: made } of this.#matches.changed) {
      const item = made!;
      const isResized = guest.size !== item.size && isSameStart(item.chain, guest.chain);
      if (isResized) await this.#resize(item, guest.size).catch((error: unknown) => this.#tell(item, error));
      item.name = guest.name;
      item.chain = guest.chain;
      item.size = guest.size;
    }
  }

  #itemOf(guest: GuestItem): Item {
    return guest.parent ? this.#matches.all.get(guest)!.item! : this.#top;
  }

  #resize(item: Item, size: number): Promise<void> {
    this.#target.changed(item);
    return this.#target.host.edit(pathOf(item), false, (file) => file.truncate(size));
  }

  /** What is behind a link to a directory stays: only the link goes. */
  async #removeGone(): Promise<void> {
    const { host } = this.#target;
    const { gone } = this.#matches;
    const all = new Set(gone);
    for (const item of gone.toReversed())
      await (item.isDirectory ? host.removeDirectory(pathOf(item)) : host.removeFile(pathOf(item))).catch(
        (error: unknown) => {
          // what goes with its directory is told with that
          if (!all.has(item.parent!)) this.#tell(item, error);
          else ignoreFailure(error);
        },
      );
    await this.#removeStage();
  }

  async #removeStage(): Promise<void> {
    const { host } = this.#target;
    for (const path of this.#retired) await host.removeFile(path).catch(ignoreFailure);
    if (this.#stage) await host.removeDirectory(pathOf(this.#stage)).catch(ignoreFailure);
  }

  #tell(item: Item, error: unknown): void {
    if (!(error instanceof IoError)) throw error;
    if (error.code !== 'ENOENT')
      this.#target.log(`what the guest did to '${item.name}' could not be done: ${error.message}`);
  }
}

/** Which item has which name in which directory of the host right now. */
class Places {
  readonly #items: readonly Item[];
  /** Of the directories that somebody asked for. */
  readonly #known = new Map<Item, Map<string, Item>>();

  constructor(items: readonly Item[]) {
    this.#items = items;
  }

  at(parent: Item, hostName: Buffer): Item | undefined {
    return this.#in(parent).get(key(hostName));
  }

  set(item: Item, parent: Item, hostName: Buffer): void {
    const [old, now] = [this.#in(item.parent!), this.#in(parent)];
    if (old.get(key(item.hostName)) === item) old.delete(key(item.hostName));
    item.parent = parent;
    item.hostName = hostName;
    now.set(key(hostName), item);
  }

  #in(parent: Item): Map<string, Item> {
    let known = this.#known.get(parent);
    if (!known) {
      const inside = this.#items.filter((item) => item.parent === parent);
      known = new Map(inside.map((item) => [key(item.hostName), item]));
      this.#known.set(parent, known);
    }
    return known;
  }
}

const key = (hostName: Buffer): string => hostName.toString('latin1');

/** The shorter chain is the beginning of the longer one. */
function isSameStart(some: readonly ClusterRun[], others: readonly ClusterRun[]): boolean {
  const rest = clustersOf(others);
  for (const cluster of clustersOf(some)) {
    const other = rest.next();
    if (other.done === true) return true;
    if (other.value !== cluster) return false;
  }
  return true;
}

function ignoreFailure(error: unknown): undefined {
  if (!(error instanceof IoError)) throw error;
}
