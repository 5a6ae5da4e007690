/**
 * Makes the images of a topology in a scratch folder: raw ones directly, every other format with qemu-img. Small ones
 * that a tool made are kept, since endpoints of one topology are started over and over.
 */
import { execFile } from 'node:child_process';
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ImageSpec, StartError, UnsupportedTopology } from './target.ts';

const run = promisify(execFile);

/** One write of a fill; a longer range takes several. */
const FILL_CHUNK = 1 << 20;

/** Largest image that is kept, bytes, and how many are. */
const KEPT_BYTES = 1 << 20;
const MOST_KEPT = 64;

/** The files of images, by names in their folder. An image may have extents in files of their own. */
type Files = ReadonlyMap<string, Buffer>;

/** By what they were made of, with what they stand on. */
const kept = new Map<string, Files>();

/** Makes all images: those that need a tool in order, backing images first, when the others are there. */
export async function makeImages(images: readonly ImageSpec[], folder: string): Promise<void> {
  const byTool: { image: ImageSpec; key: string }[] = [];
  const making = images.map((image, index) => {
    if (image.format === 'raw') return makeRaw(image, folder);
    const key = JSON.stringify(images.slice(0, index + 1));
    const known = kept.get(key);
    if (known !== undefined) return writeFiles(known, folder);
    byTool.push({ image, key });
    return undefined;
  });
  await Promise.all(making);
  for (const { image, key } of byTool) {
    const before = new Set(await readdir(folder));
    await makeByTool(image, folder);
    if (kept.size >= MOST_KEPT) continue;
    const names = (await readdir(folder)).filter((name) => !before.has(name));
    const files = await readFiles(new Set([...names, image.path]), folder);
    if (files !== undefined) kept.set(key, files);
  }
}

async function writeFiles(files: Files, folder: string): Promise<void> {
  for (const [name, content] of files) await writeFile(join(folder, name), content);
}

/** Nothing if they are too large to keep. */
async function readFiles(names: ReadonlySet<string>, folder: string): Promise<Files | undefined> {
  const files = new Map<string, Buffer>();
  let size = 0;
  for (const name of names) {
    const content = await readFile(join(folder, name));
    size += content.length;
    if (size > KEPT_BYTES) return undefined;
    files.set(name, content);
  }
  return files;
}

async function makeRaw(image: ImageSpec, folder: string): Promise<void> {
  const file = await open(join(folder, image.path), 'w');
  try {
    await file.truncate(image.size);
    for (const { offset, length, byte } of image.fill ?? []) {
      const chunk = Buffer.alloc(Math.min(length, FILL_CHUNK), byte);
      for (let done = 0; done < length; done += chunk.length)
        await file.write(chunk, 0, Math.min(chunk.length, length - done), offset + done);
    }
  } finally {
    await file.close();
  }
}

async function makeByTool(image: ImageSpec, folder: string): Promise<void> {
  const args = ['create', '-q', '-f', image.format];
  if (image.options !== undefined) args.push('-o', image.options);
  if (image.backing !== undefined) args.push('-b', image.backing.path, '-F', image.backing.format);
  await tool('qemu-img', [...args, image.path, String(image.size)], folder);
  const writes = (image.fill ?? []).flatMap(({ offset, length, byte }) => [
    '-c',
    `write -P ${byte} ${offset} ${length}`,
  ]);
  if (writes.length > 0) await tool('qemu-io', ['-f', image.format, ...writes, image.path], folder);
}

async function tool(command: string, args: readonly string[], cwd: string): Promise<void> {
  try {
    await run(command, args, { cwd });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') throw new UnsupportedTopology(`${command}: not found in PATH`);
    throw new StartError(`${command} ${args.join(' ')}: ${stderr?.trim() ?? String(error)}`);
  }
}
