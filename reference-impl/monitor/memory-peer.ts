/** Connections in memory: a client in the same process, which always keeps up. */
import type { Frontend } from './frontend.ts';

/** The endpoint's side of one monitor connection that exists in memory. */
export interface MonitorPipe {
  /** Bytes from the client. */
  write(bytes: Uint8Array): void;
  /** The client has gone. */
  end(): void;
}

export interface MemoryClient {
  data(bytes: Uint8Array): void;
  end(): void;
}

/** Connects `client`; what it sends while the monitor is busy is kept until it is wanted. */
export function memoryPeer(monitor: Frontend, client: MemoryClient): MonitorPipe {
  const session = monitor.connect({
    write: (text) => client.data(Buffer.from(text, 'latin1')),
    caughtUp: () => undefined,
    pause: () => {},
    resume: () => {},
    end: () => client.end(),
  });
  return {
    write: (bytes) => session.receive(bytes),
    end: () => monitor.disconnect(session),
  };
}
