/**
 * The nodes of an endpoint as its own commands tell of them: who stands on whom, and in which files. What it cannot
 * follow it calls opaque, and nobody claims anything of the contents of such a node.
 */
import { CHILD_OPTIONS } from '../../spec/effects/node-effects.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';

export interface TrackedNode {
  readonly name: string;
  readonly driver: string;
  /** The file that it opens itself, as it was named. */
  readonly filename: string | null;
  /** Its contents follow from its children and its file alone, and reading and writing has no other effect. */
  readonly follows: boolean;
  /** Named by whom it stands on. */
  readonly children: Map<string, string>;
  /** It opens a backing file by itself, which nobody named. */
  hiddenBacking: boolean;
  /** It shows its child's bytes at other offsets. */
  readonly window: boolean;
  /** True if the model no longer claims what it holds. */
  opaque: boolean;
}

/** Drivers that can be plain, with the options that let them be. */
const PLAIN: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries({
    file: 'filename',
    raw: 'file offset size',
    qcow2: 'file backing lazy-refcounts pass-discard-request',
  }).map(([driver, own]) => [
    driver,
    new Set(
      `${own} driver node-name read-only auto-read-only cache discard detect-zeroes`.split(' '),
    ) as ReadonlySet<string>,
  ]),
);

/** Drivers whose `filename` is one of the host's. */
const ON_HOST: ReadonlySet<string> = new Set(['file', 'host_device', 'host_cdrom']);

export class TrackedGraph {
  readonly #nodes = new Map<string, TrackedNode>();
  #anonymous = 0;

  get(name: string): TrackedNode | undefined {
    return this.#nodes.get(name);
  }

  get nodes(): Iterable<TrackedNode> {
    return this.#nodes.values();
  }

  /** Follows `blockdev-add`, also of the command line. Gives the nodes that it made, the topmost first. */
  add(options: JsonObject): TrackedNode[] {
    const made: TrackedNode[] = [];
    this.#add(options, made);
    return made;
  }

  /** With those below that nobody else uses, and that have no name of their own. */
  delete(name: string): void {
    const children = [...(this.#nodes.get(name)?.children.values() ?? [])];
    this.#nodes.delete(name);
    const used = new Set([...this.#nodes.values()].flatMap((node) => [...node.children.values()]));
    for (const child of children) if (child.startsWith('#') && !used.has(child)) this.delete(child);
  }

  /** Whoever stands on `from` stands on `to` then, but for `to` itself and those below it. */
  replace(from: string, to: string): void {
    const below = this.closure([to], (name) => this.#below(name));
    for (const { name, children } of this.#nodes.values())
      if (!below.has(name))
        for (const [member, child] of children) if (child === from) children.set(member, to);
  }

  /** Gives the nodes above, themselves included; through backing files too. */
  above(names: Iterable<string>): Set<string> {
    return this.closure(names, (name) =>
      [...this.#nodes.values()].flatMap((node) =>
        [...node.children.values()].includes(name) ? [node.name] : [],
      ),
    );
  }

  /** Its contents are known from what was written to it and those below: on what it stands may change. */
  isPlain(name: string): boolean {
    return [...this.closure([name], (one) => this.#below(one))].every((one) => this.#nodes.get(one)?.follows);
  }

  /** Contents of it, or of what it stands on, change in a way that nobody follows. */
  isOpaque(name: string): boolean {
    return [...this.closure([name], (one) => this.#below(one))].some(
      (one) => this.#nodes.get(one)?.opaque === true,
    );
  }

  /** Gives the nodes that hold a node's bytes, themselves included: all below but backing files. */
  storage(names: Iterable<string>): Set<string> {
    return this.closure(names, (name) =>
      [...(this.#nodes.get(name)?.children ?? [])].flatMap(([member, child]) =>
        member === 'backing' ? [] : [child],
      ),
    );
  }

  /** The backing files from `name` on, itself first; null if it ends in one that nobody named. */
  chain(name: string): string[] | null {
    const names: string[] = [];
    for (let next: string | undefined = name; next !== undefined; ) {
      const node = this.#nodes.get(next);
      if (node === undefined || !this.isPlain(next) || node.hiddenBacking || names.includes(next))
        return null;
      names.push(next);
      next = node.children.get('backing');
    }
    return names;
  }

  /** The file at the bottom of a node whose every byte it is, or that a format's only node holds; null if none. */
  fileOf(name: string): TrackedNode | null {
    const node = this.#nodes.get(name);
    if (node === undefined) return null;
    if (node.driver === 'file') return node;
    const child = node.children.get('file');
    return child === undefined || node.driver === 'opaque' ? null : (this.#nodes.get(child) ?? null);
  }

  /** Options that open the same files in the same way; null where they are not known. */
  options(name: string, above: readonly string[] = []): JsonObject | null {
    const node = this.#nodes.get(name);
    if (node === undefined || !this.isPlain(name) || node.opaque || node.hiddenBacking || node.window)
      return null;
    const { driver, filename, children } = node;
    const described: JsonObject = { driver };
    if (filename !== null) described.filename = filename;
    for (const [member, child] of children) {
      const below = above.includes(child) ? null : this.options(child, [...above, name]);
      if (below === null) return null;
      described[member] = below;
    }
    // Else it would open what its header names.
    if (driver === 'qcow2') described.backing ??= null;
    return described;
  }

  /** Whether some format's metadata are in it, or an opaque node's who knows what. */
  isStorageOfOther(name: string): boolean {
    return [...this.#nodes.values()].some(
      ({ driver, children }) =>
        driver !== 'raw' && [...children].some(([member, child]) => member !== 'backing' && child === name),
    );
  }

  closure(names: Iterable<string>, next: (name: string) => Iterable<string>): Set<string> {
    const found = new Set(names);
    for (const name of found) for (const other of next(name)) found.add(other);
    return found;
  }

  #below(name: string): Iterable<string> {
    return this.#nodes.get(name)?.children.values() ?? [];
  }

  #add(options: JsonObject, made: TrackedNode[]): string {
    this.#anonymous += 1;
    const name = typeof options['node-name'] === 'string' ? options['node-name'] : `#${this.#anonymous}`;
    const driver = String(options.driver);
    const children = new Map<string, string>();
    const place = made.push(null as never) - 1;
    for (const [member, value] of Object.entries(options))
      if (CHILD_OPTIONS.has(member))
        for (const [index, child] of (Array.isArray(value) ? value : [value]).entries())
          this.#child(`${member}${index === 0 ? '' : `.${index}`}`, child, children, made);
    const allowed = Object.hasOwn(PLAIN, driver) ? PLAIN[driver] : undefined;
    const node: TrackedNode = {
      name,
      driver: allowed === undefined ? 'opaque' : driver,
      filename: ON_HOST.has(driver) && typeof options.filename === 'string' ? options.filename : null,
      follows: allowed !== undefined && Object.keys(options).every((member) => allowed.has(member)),
      children,
      hiddenBacking: driver === 'qcow2' && options.backing === undefined,
      window: options.offset !== undefined || options.size !== undefined,
      opaque: false,
    };
    this.#nodes.set(name, node);
    made[place] = node;
    return name;
  }

  #child(member: string, value: Json, children: Map<string, string>, made: TrackedNode[]): void {
    if (typeof value === 'string' && value !== '') children.set(member, value);
    else if (isJsonObject(value)) children.set(member, this.#add(value, made));
  }
}
