/** In which pieces a channel sends, and in which order. */
import { expect, test } from 'vitest';
import type { Transport } from '../transports/transport.ts';
import { Channel } from './channel.ts';

/** Notes what is asked of it. */
function recorded(): { channel: Channel; done: string[] } {
  const done: string[] = [];
  const transport: Transport = {
    name: 'recorded',
    open: () => undefined,
    write: (bytes) => {
      done.push(Buffer.from(bytes).toString());
      return undefined;
    },
    end: () => void done.push('end'),
    close: () => {
      done.push('close');
      return Promise.resolve();
    },
  };
  return { channel: new Channel(transport), done };
}

test('values that are sent at the same moment go out in one piece, later ones in another', async () => {
  const { channel, done } = recorded();
  expect(channel.send({ a: 1 })).toBe('{"a":1}');
  channel.send(2);
  expect(done).toEqual([]);
  await Promise.resolve();
  expect(done).toEqual(['{"a":1}\n2\n']);
  channel.send(3);
  await Promise.resolve();
  expect(done).toEqual(['{"a":1}\n2\n', '3\n']);
});

test.each<[string, (channel: Channel) => void, string]>([
  ['raw bytes', (channel) => channel.sendRaw('raw'), 'raw'],
  ['an end', (channel) => channel.end(), 'end'],
  ['a close', (channel) => void channel.close(), 'close'],
])('%s comes after what was sent before it', async (_, then, last) => {
  const { channel, done } = recorded();
  channel.send(1);
  then(channel);
  await Promise.resolve();
  expect(done).toEqual(['1\n', last]);
});
