/** All nodes, by name: how they come, and how they go. */
import { type BlockNode, FileNode, type NodeSettings, RawNode } from './block-node.ts';
import { isObj, type Obj } from './json-text.ts';
import { Refusal } from './refusal.ts';

const NAME = /^[A-Za-z][\w.-]*$/;
const LONGEST_NAME = 31;

/** Settings that a child takes from the node above it. */
type Inherited = Pick<NodeSettings, 'readOnly' | 'cache'>;

const DEFAULTS: Inherited = { readOnly: false, cache: { direct: false, 'no-flush': false } };

export class NodeTable {
  readonly all: BlockNode[] = [];
  #named = 0;

  find(name: string): BlockNode | undefined {
    return this.all.find((node) => node.name === name);
  }

  /** Throws a `Refusal` if there is none. */
  get(name: string): BlockNode {
    const node = this.find(name);
    if (node === undefined) throw new Refusal(`Cannot find a node with node-name '${name}'`);
    return node;
  }

  isTaken(name: string): boolean {
    return this.find(name) !== undefined;
  }

  /** With all its inline children, or with nothing. Throws a `Refusal`. */
  add(options: Obj): void {
    if (options['node-name'] === undefined)
      throw new Refusal("'node-name' must be specified for the outermost node");
    this.#make(options, DEFAULTS, true);
  }

  /** Throws a `Refusal` where it must not go. */
  delete(name: string): void {
    const node = this.get(name);
    if (!node.isOwn) throw new Refusal(`Node '${name}' is not owned by the monitor`);
    if (node.parents.size > 0) throw new Refusal(`Node '${name}' is in use`);
    this.remove(node);
  }

  /** With the children that only it had. */
  remove(node: BlockNode): void {
    this.all.splice(this.all.indexOf(node), 1);
    node.close();
    if (node.child !== null) this.leave(node.child, node);
  }

  /** A child is no longer a parent's. */
  leave(child: BlockNode, parent: BlockNode): void {
    child.parents.delete(parent);
    if (!child.isOwn && child.parents.size === 0) this.remove(child);
  }

  /** What was made for a node that is refused goes again. */
  takeBack(child: BlockNode): void {
    this.remove(child);
  }

  #make(options: Obj, inherited: Inherited, isOwn: boolean): BlockNode {
    const name = this.#newName(options['node-name'] as string | undefined);
    const settings = settingsOf(options, inherited);
    if (options.driver === 'file') {
      this.#checkFile(options, settings);
      return this.#enter(new FileNode(name, settings, isOwn, options.filename as string));
    }
    const { file } = options;
    const child = isObj(file) ? this.#make(file, settings, false) : this.get(file as string);
    try {
      if (this.isTaken(name)) throw new Refusal(`Duplicate node name '${name}'`);
      const node = new RawNode(name, settings, isOwn, child, options);
      child.parents.add(node);
      return this.#enter(node);
    } catch (error) {
      if (isObj(file)) this.takeBack(child);
      throw error;
    }
  }

  #enter<T extends BlockNode>(node: T): T {
    this.all.push(node);
    return node;
  }

  #newName(given: string | undefined): string {
    if (given === undefined) return `#acme${this.#named++}`;
    if (!NAME.test(given) || given.length > LONGEST_NAME) throw new Refusal(`Invalid node-name: '${given}'`);
    if (this.isTaken(given)) throw new Refusal(`Duplicate node name '${given}'`);
    return given;
  }

  #checkFile(options: Obj, { cache }: NodeSettings): void {
    const manager = options['pr-manager'];
    if (manager !== undefined) throw new Refusal(`There is no pr-manager '${manager}'`);
    if (options.aio === 'native' && !cache.direct) throw new Refusal('aio=native needs cache.direct=on');
  }
}

function settingsOf(options: Obj, inherited: Inherited): NodeSettings {
  const readOnly = (options['read-only'] as boolean | undefined) ?? inherited.readOnly;
  const detectZeroes = (options['detect-zeroes'] as string | undefined) ?? 'off';
  if (detectZeroes === 'unmap' && options.discard !== 'unmap')
    throw new Refusal('setting detect-zeroes to unmap needs discard=unmap');
  if (options['force-share'] === true && !readOnly)
    throw new Refusal('force-share needs a node that is read-only');
  const cache = { ...inherited.cache, ...(options.cache as Obj | undefined) };
  return { readOnly, detectZeroes, cache: cache as NodeSettings['cache'] };
}
