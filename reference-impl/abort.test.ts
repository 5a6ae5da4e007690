/** A check that fails (blkverify, quorum's blkverify) ends the endpoint on the spot, as its command stays unanswered. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startReference } from './start-reference.ts';
import { ManualClock } from './testing/test-services.ts';

const checks: [blockdev: string, line: string][] = [
  [
    'driver=blkverify,node-name=v,test.driver=file,test.filename=a.img,raw.driver=file,raw.filename=b.img',
    'blkverify: read offset=0 bytes=4096 contents mismatch at offset 1000',
  ],
  [
    'driver=quorum,node-name=v,vote-threshold=2,blkverify=on,' +
      'children.0.driver=file,children.0.filename=a.img,children.1.driver=file,children.1.filename=b.img',
    'quorum: offset=0 bytes=4096 contents mismatch at offset 1000',
  ],
];

describe('a check that fails', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'qmpcheck-abort-'));
    writeFileSync(join(folder, 'a.img'), Buffer.alloc(8192));
    writeFileSync(join(folder, 'b.img'), Buffer.alloc(8192).fill(7, 1000, 1003));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  test.each(checks)('%s', async (blockdev, line) => {
    const log: string[] = [];
    const reference = await startReference({
      argv: ['-blockdev', blockdev],
      cwd: folder,
      clock: new ManualClock(),
      log: (text) => void log.push(text),
    });
    let received = '';
    let ended = false;
    const pipe = reference.connect(0, {
      data: (bytes) => {
        received += Buffer.from(bytes).toString();
      },
      end: () => {
        ended = true;
      },
    });
    const send = (execute: string, args: object = {}) =>
      pipe.write(Buffer.from(`${JSON.stringify({ execute, arguments: args })}\n`));
    send('qmp_capabilities');
    await reference.idle();
    received = '';
    send('human-monitor-command', { 'command-line': 'qemu-io v "read 0 4k"' });
    expect(await reference.exited).toBe(1);
    expect(received).toBe('');
    expect(ended).toBe(true);
    expect(log.filter((text) => text.includes('mismatch'))).toEqual([line]);
  });
});
