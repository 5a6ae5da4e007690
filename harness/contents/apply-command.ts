/**
 * What commands do to contents: one rule for each `ContentsEffect` of the effects table. A command that the table does not
 * have leaves nothing to claim, so that a new one costs claims, not truth.
 */
import { basename, isAbsolute } from 'node:path';
import { actionsOf, type CommandCall, effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { type ClosedImage, filesOf } from './closed-images.ts';
import { type ContentsModel, LARGEST } from './contents-model.ts';
import { BitmapEffects } from './tracked-bitmaps.ts';
import { JobEffects } from './tracked-jobs.ts';

/** Characters of the longest text that may name a file. */
const MOST_NAME = 8192;

const CLOSED = 'an image that was closed does not contain what its node did';

/** A node that a server serves may be the endpoint's own, by another way. */
const SERVED = /^nbd[+:]/;

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

export class CommandFollower {
  readonly #model: ContentsModel;
  readonly #jobs: JobEffects;
  readonly #bitmaps: BitmapEffects;
  /** Names of files that only qcow2 nodes of their own have used: what is in them is theirs alone. */
  readonly images = new Set<string>();
  readonly #others = new Set<string>();
  /** What is in files that jobs made, or nodes had, and that are closed, by name. */
  readonly left = new Map<string, ClosedImage>();
  /** Nodes by the names of their exports. */
  readonly exports = new Map<string, string>();
  /** Path of the NBD server's socket, as the endpoint sees it; null if none runs. */
  server: string | null = null;

  /** `options`: those that the endpoint was started with. */
  constructor(model: ContentsModel, options: readonly string[]) {
    this.#model = model;
    this.#bitmaps = new BitmapEffects(model);
    this.#jobs = new JobEffects(model, this.#bitmaps, {
      moved: (from, to) => this.#moved(from, to),
      left: (filename, image) => this.left.set(basename(filename), image),
    });
    for (const [index, word] of options.entries())
      if (options[index - 1] === '-blockdev') this.#added(JSON.parse(word) as JsonObject);
  }

  get jobs(): JobEffects {
    return this.#jobs;
  }

  /** A command was answered. `events`: what came since the last exchange. */
  saw(command: string, args: JsonObject, isAccepted: boolean, events: readonly JsonObject[]): void {
    // A job that is told to end may end before the reply; any other ended before the command was worked on.
    const { contents } = effectsOf(command);
    const ends = contents === 'job-completed' || contents === 'job-cancelled';
    const known = new Set(this.#jobs.active);
    const early = ends ? [] : events.filter((event) => known.has(idOf(event)));
    this.#events(early);
    const call = { command, arguments: args };
    if (isAccepted) for (const action of actionsOf(call)) this.#accepted(action);
    else this.#refused(call);
    this.#events(events.filter((event) => !early.includes(event)));
  }

  /** Events that no command came with. */
  heard(events: readonly JsonObject[]): void {
    this.#events(events);
  }

  /** The file was replaced behind the endpoint's back. */
  overwritten(filename: string): void {
    this.#model.abandon(this.#model.usersOf(filename));
    this.#otherUse(filename);
  }

  /** Raw bytes were taken for a command: nobody knows which. */
  lost(): void {
    this.#model.loseTrack();
    for (const name of this.images) this.#others.add(name);
    this.images.clear();
    this.left.clear();
  }

  #otherUse(filename: string): void {
    this.#others.add(basename(filename));
    this.images.delete(basename(filename));
    this.left.delete(basename(filename));
  }

  #events(events: readonly JsonObject[]): void {
    for (const { event, data } of events) if (isJsonObject(data)) this.#jobs.event(String(event), data);
  }

  #refused({ command, arguments: args }: CommandCall): void {
    const { contents } = effectsOf(command);
    // The file that is made for a copy or an overlay may be made before the command is refused.
    if (contents !== 'node-added') this.#files(args);
    if (contents === 'image-made') this.#created(args);
  }

  #accepted({ command, arguments: args }: CommandCall): void {
    const { contents, moves } = effectsOf(command);
    if (contents !== 'node-added') this.#files(args);
    const node = text(args['node-name']) ?? text(args.device) ?? text(args.node);
    const overlay = moves === undefined ? null : text(args[moves.to]);
    switch (contents) {
      case 'unchanged':
      case 'job-cancelled':
        break;
      case 'unknown':
        this.#model.loseTrack();
        break;
      case 'node-added':
        this.#added(args);
        break;
      case 'node-deleted':
        if (node !== null) this.#deleted(node);
        break;
      case 'node-resized':
        if (node !== null) this.#resized(node, Number(args.size));
        break;
      case 'nodes-reopened':
        for (const options of Array.isArray(args.options) ? args.options : [])
          if (isJsonObject(options)) this.#reopened(options);
        break;
      case 'overlay-attached':
        this.#snapshot(node ?? '', overlay ?? '');
        break;
      case 'overlay-made':
        this.#snapshotSync(node ?? '', overlay, args);
        break;
      case 'child-changed':
        this.#childChanged(args);
        break;
      case 'image-made':
        this.#created(args);
        break;
      case 'guest-io':
        this.#guestIo(String(args['command-line']));
        break;
      case 'server-started':
        this.server = socketOf(args);
        break;
      case 'server-stopped':
        this.server = null;
        this.exports.clear();
        break;
      case 'export-added':
        this.exports.set(text(args.name) ?? String(node), String(node));
        break;
      case 'export-removed':
        // What another name than the one that clients see stands for is not known.
        if (args.name === undefined) this.exports.clear();
        else this.exports.delete(String(args.name));
        break;
      case 'bitmap-added':
      case 'bitmap-changed':
      case 'bitmap-cleared':
        this.#bitmaps.follow(contents, args);
        break;
      case 'job-started':
        this.#jobs.started(command, args);
        break;
      case 'job-completed':
        this.#jobs.toldToComplete(args);
        break;
      default:
        contents satisfies never;
    }
  }

  /** A command line of the human monitor: `qemu-io NODE "write …"` may write. */
  #guestIo(line: string): void {
    const name = /^qemu-io (\S+)/.exec(line)?.[1];
    if (name !== undefined) this.#model.abandon([name]);
  }

  #added(options: JsonObject): void {
    if (isServed(options)) this.#model.loseTrack();
    const made = this.#model.graph.add(options);
    for (const { name, filename } of made) {
      if (filename === null) continue;
      const owner = made.find(({ children }) => children.get('file') === name);
      const image = basename(filename);
      this.left.delete(image);
      // A node with a name may be used by itself.
      if (owner?.driver !== 'qcow2' || !this.#model.graph.isPlain(owner.name) || !name.startsWith('#'))
        this.#otherUse(image);
      else if (!this.#others.has(image)) this.images.add(image);
    }
    for (const { name, filename } of made) {
      const users = filename === null ? [] : this.#model.usersOf(filename);
      // The same file twice: one does not see what the other does.
      if (users.length > 1 || (filename !== null && this.#jobs.opens(basename(filename))))
        this.#model.abandon(users);
      else this.#model.forget([name]);
    }
  }

  /** What the files of a node must contain once it is closed; null where nobody knows, or a job may change it. */
  imageOf(node: string): ClosedImage | null {
    const model = this.#model;
    const [bytes, options] = [model.bytesOf(node), model.graph.options(node)];
    if (bytes === null || options === null) return null;
    const isSettled = model.isReadable(node) && !this.#jobs.inFlux.has(node);
    return isSettled ? { node, options, bytes, breach: CLOSED } : null;
  }

  /** What the node contained stays in its file, if that is one of its own. */
  #deleted(name: string): void {
    const model = this.#model;
    const image = this.imageOf(name);
    model.forget([name]);
    model.graph.delete(name);
    const [filename, ...others] = image === null ? [] : filesOf(image.options);
    if (filename === undefined || others.length > 0 || model.usersOf(filename).length > 0) return;
    this.left.set(basename(filename), image!);
  }

  /** Whatever a command does with a file that it names, nobody here knows. */
  #files(args: Json): void {
    if (typeof args === 'string') {
      if (args.length >= MOST_NAME) return;
      if (SERVED.test(args)) this.#model.loseTrack();
      this.#model.abandon(this.#model.usersOf(args));
      for (const image of [...this.images, ...this.left.keys()])
        if (args.includes(image)) this.#otherUse(image);
    } else if (Array.isArray(args)) for (const item of args) this.#files(item);
    else if (isJsonObject(args)) for (const item of Object.values(args)) this.#files(item);
  }

  /** Nodes in which an image was made. */
  #created(args: Json): void {
    if (typeof args === 'string') {
      if (this.#model.graph.get(args) !== undefined) this.#model.abandon([args]);
    } else if (Array.isArray(args)) for (const item of args) this.#created(item);
    else if (isJsonObject(args)) for (const item of Object.values(args)) this.#created(item);
  }

  /** A child of a quorum comes or goes. What it contains stays, unless the quorum mends it meanwhile. */
  #childChanged({ parent, child, node }: JsonObject): void {
    const { graph } = this.#model;
    const above = graph.get(String(parent));
    const member = child === 'children.0' ? 'children' : String(child);
    const other = text(node) ?? above?.children.get(member);
    if (above === undefined || other === undefined || (child === undefined) === (node === undefined)) {
      this.#model.loseTrack();
      return;
    }
    this.#model.disturb([other]);
    // Which name the endpoint gives to one that comes is not said.
    if (child === undefined) above.children.set(`added ${other}`, other);
    else above.children.delete(member);
  }

  /** Contents stay where it stands on the same nodes in the same way. */
  #reopened(options: JsonObject): void {
    const node = this.#model.graph.get(text(options['node-name']) ?? '');
    const isSame =
      node !== undefined &&
      options.driver === (node.driver === 'opaque' ? 'throttle' : node.driver) &&
      options.file === node.children.get('file') &&
      (options.backing ?? undefined) === node.children.get('backing') &&
      options.offset === undefined &&
      options.size === undefined &&
      !node.window &&
      !node.hiddenBacking;
    if (!isSame) this.#model.loseTrack();
  }

  #resized(name: string, size: number): void {
    const { graph } = this.#model;
    const bytes = this.#model.bytesOf(name);
    const node = graph.get(name);
    this.#model.disturb([name]);
    this.#bitmaps.drop(name);
    if (bytes === null || node === undefined || !(size >= 0 && size <= 2 ** 32)) return;
    // What an overlay shows where it has grown beyond its backing file's end is not said.
    const isOverlay = node.hiddenBacking || node.children.has('backing');
    if (size > bytes.length && (isOverlay || node.window || size > LARGEST)) return;
    const resized = Buffer.alloc(Math.min(size, LARGEST));
    bytes.copy(resized);
    const breach = 'a node that was resized does not contain what it did';
    this.#model.expectBytes(name, { bytes: resized, also: null, prefix: false, breach });
  }

  #snapshot(name: string, overlay: string): void {
    const { graph } = this.#model;
    const over = graph.get(overlay);
    if (graph.get(name) === undefined || over === undefined) {
      this.#model.loseTrack();
      return;
    }
    this.#model.disturb([overlay]);
    this.#model.forget(this.#model.affected([name], graph.storage([name])));
    over.children.delete('backing');
    over.hiddenBacking = false;
    graph.replace(name, overlay);
    over.children.set('backing', name);
    this.#moved(name, overlay);
  }

  /** The new overlay shows what its backing file did, if it was made for this and nothing was in it. */
  #snapshotSync(name: string, overlay: string | null, args: JsonObject): void {
    const { graph } = this.#model;
    const format = text(args.format) ?? 'qcow2';
    if (graph.get(name) === undefined || overlay === null || format !== 'qcow2' || args.mode === 'existing') {
      this.#model.loseTrack();
      return;
    }
    const bytes = this.#model.bytesOf(name);
    graph.add({
      driver: 'qcow2',
      'node-name': overlay,
      backing: null,
      file: { driver: 'file', filename: String(args['snapshot-file']) },
    });
    graph.replace(name, overlay);
    graph.get(overlay)!.children.set('backing', name);
    this.#moved(name, overlay);
    const breach = 'the overlay of a snapshot does not show its backing file';
    if (bytes !== null) this.#model.expectBytes(overlay, { bytes, also: null, prefix: false, breach });
  }

  /** Hands all users of a node over to another. */
  #moved(from: string, to: string): void {
    for (const [name, node] of this.exports) if (node === from) this.exports.set(name, to);
  }
}

function isServed(options: Json): boolean {
  if (Array.isArray(options)) return options.some(isServed);
  if (!isJsonObject(options)) return false;
  return options.driver === 'nbd' || Object.values(options).some(isServed);
}

function idOf({ data }: JsonObject): string {
  return isJsonObject(data) ? String(data.device ?? data.id) : '';
}

/** Null where nobody here can reach it: without TLS, or where a path begins that the endpoint alone knows. */
function socketOf({ addr, 'tls-creds': credentials }: JsonObject): string | null {
  if (!isJsonObject(addr) || credentials !== undefined) return null;
  const data = isJsonObject(addr.data) ? addr.data : addr;
  const path = addr.type === 'unix' ? text(data.path) : null;
  return path !== null && isAbsolute(path) ? path : null;
}
