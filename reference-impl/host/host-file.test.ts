import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { HostFile } from './host-file.ts';
import { HostWork } from './host-work.ts';

const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-host-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('HostFile.read', () => {
  it('lets others have their turn, however short the reads of somebody are', async () => {
    const path = join(folder, 'short');
    writeFileSync(path, Buffer.alloc(4096, 0x5a));
    const file = await HostFile.open(path, true, new HostWork());
    const seen = { others: false };
    void nextTurn().then(() => {
      seen.others = true;
    });
    const buffer = new Uint8Array(512);
    let reads = 0;
    for (; !seen.others && reads < 10_000; reads += 1) await file.read(0, buffer);
    await file.close();
    expect(reads).toBeLessThan(10_000);
  });

  it('gives zeroes beyond the end, in short reads and in long ones', async () => {
    const path = join(folder, 'end');
    writeFileSync(path, Buffer.alloc(1000, 0x5a));
    const file = await HostFile.open(path, true, new HostWork());
    for (const length of [2048, 256 * 1024]) {
      const buffer = new Uint8Array(length).fill(0xff);
      await file.read(500, buffer);
      expect(Buffer.from(buffer.subarray(0, 500))).toEqual(Buffer.alloc(500, 0x5a));
      expect(buffer.subarray(500).every((byte) => byte === 0)).toBe(true);
    }
    await file.close();
  });

  it('names the error of the host', async () => {
    // A process has nothing at its address 0.
    const file = await HostFile.open('/proc/self/mem', true, new HostWork());
    for (const length of [512, 256 * 1024])
      await expect(file.read(0, new Uint8Array(length))).rejects.toMatchObject({ code: 'EIO' });
    await file.close();
  });
});
