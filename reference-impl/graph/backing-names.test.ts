/** The names of a backing file: as the header says, relative to the image, absolute, made full; and who is found by which. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockLayer } from '../backend/block-layer.ts';
import { addDrive } from '../options/drive.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { changeBackingFile, findBackingFile, fullBackingName } from './backing.ts';
import { createNamedImage } from './named-image.ts';
import type { Node } from './node.ts';

let folder: string;
let block: BlockLayer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-names-'));
  mkdirSync(join(folder, 'sub'));
  symlinkSync('sub', join(folder, 'link'));
  block = testBlockLayer(testServices(folder));
});

afterEach(async () => {
  await block.close();
  rmSync(folder, { recursive: true });
});

/** A chain in the folder `sub`, in which the middle names the base so (`@` is the folder); gives the top, opened by `filename`. */
async function open(baseName: string, filename: string): Promise<Node> {
  const image = { format: 'qcow2', size: 1 << 20 };
  const { graph } = block;
  const name = baseName.replace('@', folder);
  await createNamedImage(graph, { ...image, filename: 'sub/base' });
  await createNamedImage(graph, { ...image, filename: 'sub/mid', backing: { name, format: 'qcow2' } });
  await createNamedImage(graph, {
    ...image,
    filename: 'sub/top',
    backing: { name: 'mid', format: 'qcow2' },
  });
  await addDrive(`if=none,id=d,format=qcow2,file=${filename.replace('@', folder)}`, block);
  return block.backends.find('d')!.node!;
}

const openedBy = ['sub/top', './sub/top', 'link/top', 'file:sub/top', '@/sub/top'];

describe.each(['base', './base', '@/sub/base', 'file:@/sub/base'])('the header says %s', (baseName) => {
  test.each(openedBy)('the image is opened by %s', async (filename) => {
    const top = await open(baseName, filename);
    const [mid, base] = [top.backing!.node, top.backing!.node.backing!.node];
    const found = (name: string) => findBackingFile(block.graph, top, name.replace('@', folder));
    for (const name of ['base', './base', '../sub/base', '@/sub/base', '@/./sub/base', '@/link/base'])
      expect(found(name), name).toBe(base);
    for (const name of [baseName, base.filename.shown]) expect(found(name), name).toBe(base);
    for (const name of ['mid', '@/sub/mid', mid.filename.shown]) expect(found(name), name).toBe(mid);
    for (const name of ['top', '@/sub/top', 'nope', '@/base', '', 'nbd:base', '@/sub', 'null-co://'])
      expect(found(name), name).toBeUndefined();
  });
});

test.each(openedBy)('of an image opened by %s, the full name leads to the file', async (filename) => {
  const top = await open('base', filename);
  const beside = filename.replace('file:', '').replace('@', folder).replace('top', '');
  expect(fullBackingName(top)).toBe(`${beside}mid`);
  expect(top.backingName).toMatchObject({ name: `${beside}mid` });
  expect(fullBackingName(top.backing!.node)).toBe(`${beside}base`);
});

test('a name that a command writes is relative to the image, whatever is open', async () => {
  const top = await open('base', 'sub/top');
  await changeBackingFile(block.graph, top, { name: 'sub/mid', format: 'qcow2' });
  expect(fullBackingName(top)).toBe('sub/sub/mid');
  await changeBackingFile(block.graph, top, { name: '../sub/mid', format: 'qcow2' });
  expect(fullBackingName(top)).toBe('sub/../sub/mid');
  expect(findBackingFile(block.graph, top, '../sub/mid')).toBe(top.backing!.node);
});

test('of two that a name could mean, the one that is called so comes first', async () => {
  const image = { format: 'qcow2', size: 1 << 20 };
  await createNamedImage(block.graph, { ...image, filename: 'a' });
  await createNamedImage(block.graph, {
    ...image,
    filename: 'sub/a',
    backing: { name: '../a', format: 'qcow2' },
  });
  await createNamedImage(block.graph, {
    ...image,
    filename: 'sub/top',
    backing: { name: 'a', format: 'qcow2' },
  });
  await addDrive('if=none,id=d,format=qcow2,file=sub/top', block);
  const top = block.backends.find('d')!.node!;
  expect(findBackingFile(block.graph, top, 'a')!.filename.shown).toBe('sub/a');
  expect(findBackingFile(block.graph, top, '../a')!.filename.shown).toBe('sub/../a');
});
