/** Directories that are shown as FAT disks, and what a guest with tools for FAT does to such a disk. */
import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Random } from '../../generators/random.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import type { Node } from '../graph/node.ts';
import { openNode } from '../graph/open.ts';
import { testBlockLayer, testServices } from './test-services.ts';

export const SECTOR = 512;
const MIB = 1 << 20;

/** What a test puts into a directory: the bytes of files, by their paths; a path that ends in a slash is a directory. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A directory that is shown, something beside it that nobody may touch, and an endpoint. */
export class FatFixture {
  readonly folder: string;
  readonly dir: string;
  readonly block: BlockLayer;
  /** What people are told. */
  readonly log: string[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.dir = join(folder, 'shown');
    this.block = testBlockLayer({ ...testServices(folder), log: (line) => void this.log.push(line) });
  }

  static async start(files: Files = {}): Promise<FatFixture> {
    const fixture = new FatFixture(await mkdtemp(join(tmpdir(), 'qmpcheck-vvfat-')));
    await mkdir(fixture.dir);
    await fixture.put(files);
    await mkdir(join(fixture.folder, 'outside'));
    await writeFile(join(fixture.folder, 'outside', 'file'), 'nobody touches this');
    return fixture;
  }

  async stop(): Promise<void> {
    await this.block.close();
    await rm(this.folder, { recursive: true });
  }

  async put(files: Files): Promise<void> {
    for (const [path, bytes] of Object.entries(files)) {
      const full = join(this.dir, path);
      await mkdir(path.endsWith('/') ? full : dirname(full), { recursive: true });
      if (!path.endsWith('/')) await writeFile(full, bytes);
    }
  }

  /** Links that lead out of the directory. */
  async linkOut(): Promise<void> {
    await symlink('../outside', join(this.dir, 'way out'));
    await symlink('../outside/file', join(this.dir, 'link'));
    await symlink('nowhere', join(this.dir, 'dangling'));
  }

  open(options: JsonObject = {}): Promise<Node> {
    const shared = { driver: 'vvfat', dir: this.dir, 'read-only': options.rw !== true };
    return openNode(this.block.graph, { ...shared, ...options });
  }

  async close(node: Node): Promise<void> {
    await node.io.flush();
    await this.block.graph.release(node);
  }

  /** Everything in the directory, by path: links as where they lead, directories with a slash and no content. */
  shown(): Promise<Map<string, string>> {
    return listing(this.dir);
  }

  outside(): Promise<Map<string, string>> {
    return listing(join(this.folder, 'outside'));
  }
}

async function listing(folder: string, prefix = ''): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const names = await readdir(join(folder, prefix));
  for (const name of names.toSorted()) {
    const path = join(prefix, name);
    const stat = await lstat(join(folder, path));
    if (stat.isSymbolicLink()) found.set(path, `-> ${await readlink(join(folder, path))}`);
    else if (!stat.isDirectory()) found.set(path, await readFile(join(folder, path), 'latin1'));
    else {
      found.set(`${path}/`, '');
      for (const entry of await listing(folder, path)) found.set(...entry);
    }
  }
  return found;
}

/** The volume of a node as a file that tools for FAT read: from byte `start` on, `used` bytes and zeroes behind them. */
export async function copyVolume(
  node: Node,
  path: string,
  start = 0,
  used = node.io.length(),
): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(used, node.io.length() - start));
  for (let at = 0; at < bytes.length; at += MIB) await node.io.read(start + at, bytes.subarray(at, at + MIB));
  const file = await open(path, 'w');
  await file.write(bytes);
  await file.truncate(node.io.length() - start);
  await file.close();
  return bytes;
}

/** Writes the sectors in which the volume is another one now, in an order by this seed. */
export async function writeBack(
  node: Node,
  before: Uint8Array,
  after: Uint8Array,
  { seed = 0, start = 0 } = {},
): Promise<void> {
  const changed: number[] = [];
  for (let at = 0; at < before.length; at += SECTOR)
    if (Buffer.compare(before.subarray(at, at + SECTOR), after.subarray(at, at + SECTOR)) !== 0)
      changed.push(at);
  const sectors = seed === 0 ? changed : new Random(seed).shuffled(changed);
  for (const at of sectors) await node.io.write(start + at, after.subarray(at, at + SECTOR));
}
