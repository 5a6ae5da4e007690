/** A peer for tests that says exactly what a script tells it, over a transport in memory. */
import { memoryPair } from '../transports/memory.ts';
import type { Transport } from '../transports/transport.ts';

export const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 9}, "package": ""}, "capabilities": ["oob"]}}\r\n';

export interface Peer {
  /** The client's side. */
  readonly transport: Transport;
  say(bytes: string | Uint8Array): void;
  /** The next line from the client. Rejects when it has gone. */
  hear(): Promise<string>;
  /** Ends the connection. */
  hangUp(): void;
}

export function peer(): Peer {
  const [transport, own] = memoryPair('memory:peer');
  const heard: string[] = [];
  const ears: { resolve(line: string): void; reject(reason: Error): void }[] = [];
  let partial = '';
  let gone = false;
  own.open({
    data: (bytes) => {
      const lines = (partial + Buffer.from(bytes).toString('latin1')).split('\n');
      partial = lines.pop()!;
      for (const line of lines) {
        const ear = ears.shift();
        if (ear) ear.resolve(line);
        else heard.push(line);
      }
    },
    closed: () => {
      gone = true;
      for (const ear of ears) ear.reject(new Error('the client has gone'));
    },
  });
  return {
    transport,
    say: (bytes) => void own.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)?.catch(() => {}),
    hear: () => {
      const line = heard.shift();
      if (line !== undefined) return Promise.resolve(line);
      if (gone) return Promise.reject(new Error('the client has gone'));
      return new Promise((resolve, reject) => ears.push({ resolve, reject }));
    },
    hangUp: () => void own.close(),
  };
}
