/**
 * What carries bytes between a client and an endpoint. A transport knows nothing of QMP: it keeps bytes in order
 * and says how it ended. Every implementation runs the contract suite in `transport-contract.ts`.
 */

/** Receiver of what arrives. Called from the event loop, never from inside `open` or `write`. */
export interface TransportSink {
  data(chunk: Uint8Array): void;
  /** Called exactly once: the peer ended the stream, `close` was called, or an error broke it. */
  closed(error?: Error): void;
}

/** Ordered bytes in both directions, and how they ended. */
export interface Transport {
  /** What it is connected to, in the form of a target address, for messages. */
  readonly name: string;
  /** Starts delivery; what arrived before is delivered first. May be called once. */
  open(sink: TransportSink): void;
  /** Queues bytes. Resolves when the peer's side has room again; rejects once the transport is closed. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Ends the sending side where the medium can; reading goes on. */
  end(): void;
  /** Closes both sides and frees everything. Idempotent, never rejects. */
  close(): Promise<void>;
}
