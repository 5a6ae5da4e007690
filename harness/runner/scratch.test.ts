import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pendingCleanups } from '../cleanup.ts';
import { ScratchArea, sweep } from './scratch.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'scratch-test-'));
});

afterEach(() => rm(parent, { recursive: true, force: true }));

/** What a run leaves that was killed: a folder whose socket nobody listens on. */
async function deadRun(name: string): Promise<string> {
  const path = join(parent, name);
  await mkdir(path);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(path, 'elsewhere'), resolve));
  await link(join(path, 'elsewhere'), join(path, 'alive'));
  await new Promise((resolve) => server.close(resolve));
  await writeFile(join(path, 'image'), 'x');
  return path;
}

test('folders are empty, distinct, and gone after close', async () => {
  const area = await ScratchArea.open(parent);
  const [a, b] = [await area.make('endpoint'), await area.make('endpoint')];
  expect(a).not.toBe(b);
  await writeFile(join(a, 'file'), 'x');
  await area.close();
  expect(existsSync(area.path)).toBe(false);
  expect(pendingCleanups()).toBe(0);
});

test('the next run sweeps what a dead one left', async () => {
  const dead = await deadRun('qmpcheck-run-dead');
  const area = await ScratchArea.open(parent);
  expect(existsSync(dead)).toBe(false);
  await area.close();
});

test('a live run, and what is none of ours, is left alone', async () => {
  const live = await ScratchArea.open(parent);
  const other = join(parent, 'other');
  await mkdir(other);
  await sweep(parent);
  expect(existsSync(live.path)).toBe(true);
  expect(existsSync(other)).toBe(true);
  await live.close();
});

test('a folder that is being made is left alone, an old one without a socket is not', async () => {
  const young = join(parent, 'qmpcheck-run-young');
  const old = join(parent, 'qmpcheck-run-old');
  await mkdir(young);
  await mkdir(old);
  await utimes(old, new Date(0), new Date(0));
  await sweep(parent);
  expect(existsSync(young)).toBe(true);
  expect(existsSync(old)).toBe(false);
});
