import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startNbdPeer } from './nbd-peer.ts';

test('who stops in the middle of a message keeps nothing else from going on', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'qmpcheck-test-'));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  const cleanup = (undo: () => Promise<void>) => onTestFinished(undo);
  const peer = await startNbdPeer(
    { scratch, dir: scratch, name: (prefix) => prefix, cleanup },
    { disk: { data: Buffer.alloc(512) } },
  );
  const client = connect(String(peer.address.path));
  await once(client, 'data');
  client.write(Buffer.alloc(2));
  // The peer has the first half of the client's flags by then, and everyone else their turns.
  for (let turns = 0; turns < 100; turns += 1) await turn();
  client.end(Buffer.alloc(1));
  client.resume();
  await once(client, 'close');
  await peer.idle();
  expect(peer.asked).toEqual([]);
});
