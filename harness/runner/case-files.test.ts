/** Files of cases as `setup` commands: few bytes as they are, images packed. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../spec/json.ts';
import { CaseFiles } from './case-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function setupOf(name: string): Json {
  const files = new CaseFiles('/dir', folder, []);
  files.look({ arguments: { filename: `/dir/${name}` } });
  return [...files.setup];
}

test('few bytes are there to be read', () => {
  writeFileSync(join(folder, 'few'), Buffer.from([0, 0, 1, 2, 0]));
  expect(setupOf('few')).toEqual([['@write', 'few', [[2, '0102']], 5]]);
});

test('an image takes little room, and comes back whole', () => {
  const image = Buffer.alloc(1 << 20);
  image.fill(0x11, 512, 700_000);
  writeFileSync(join(folder, 'image'), image);
  const [[command, name, packed]] = setupOf('image') as [[string, string, string]];
  expect([command, name]).toEqual(['@zbytes', 'image']);
  expect(packed.length).toBeLessThan(4096);
  expect(inflateSync(Buffer.from(packed, 'base64')).equals(image)).toBe(true);
});

test('a file without content is its size, however large', () => {
  writeFileSync(join(folder, 'sparse'), '');
  truncateSync(join(folder, 'sparse'), 2 ** 40);
  expect(setupOf('sparse')).toEqual([['@write', 'sparse', [], 2 ** 40]]);
});
