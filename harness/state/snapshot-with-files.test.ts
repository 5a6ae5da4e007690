import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Snapshot } from './snapshot.ts';
import { SnapshotWithFiles } from './snapshot-with-files.ts';

let scratch: string;
const opened: FileHandle[] = [];

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'qmpcheck-test-'));
});

afterEach(async () => {
  for (const file of opened.splice(0)) await file.close();
  rmSync(scratch, { recursive: true });
});

const NOTHING: Snapshot = { nodes: [], devices: [], jobs: [] };

async function openFile(name: string): Promise<void> {
  opened.push(await open(join(scratch, name), 'w'));
}

/** Of an endpoint in this process. */
function look(): SnapshotWithFiles {
  return SnapshotWithFiles.of({ scratch, endpoint: {}, execute: () => Promise.resolve([]) }, NOTHING);
}

test('a file that was opened and belongs to no node is to be closed', async () => {
  const before = look();
  await openFile('disk');
  expect(before.awaitsClosing(look())).toBe(true);
});

test('a file that was open before is not waited for, also when it has lost its name', async () => {
  await openFile('disk');
  const before = look();
  expect(before.awaitsClosing(look())).toBe(false);
  rmSync(join(scratch, 'disk'));
  expect(before.awaitsClosing(look())).toBe(false);
});
