/** One campaign a folder, and no lock that outlives its process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InputError } from '../input-error.ts';
import { lockCampaign } from './campaign-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const left = (holder: string): void => writeFileSync(join(folder, 'campaign.lock'), holder);

test('a second campaign is refused, until the first has let go', () => {
  const unlock = lockCampaign(folder);
  expect(() => lockCampaign(folder)).toThrow(InputError);
  expect(() => lockCampaign(folder)).toThrow(`another campaign runs in this folder (process ${process.pid})`);
  unlock();
  lockCampaign(folder)();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['a process that is no more', () => JSON.stringify({ pid: spawnSync('true').pid, host: hostname() })],
  ['a write that was cut off', () => '{"pid":'],
])('the lock of %s is taken over', (_, holder) => {
  left(holder());
  const unlock = lockCampaign(folder);
  expect(() => lockCampaign(folder)).toThrow(InputError);
  unlock();
  expect(readdirSync(folder)).toEqual([]);
});

test('that of another host is not, and the message says what to do', () => {
  left(JSON.stringify({ pid: 1, host: 'elsewhere' }));
  expect(() => lockCampaign(folder)).toThrow(/on host elsewhere .*remove .*campaign\.lock if it has ended/);
  expect(readdirSync(folder)).toEqual(['campaign.lock']);
});
