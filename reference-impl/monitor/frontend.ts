/**
 * The two ends of a character device: what speaks on it (a monitor, say), and the client as it sees it. A device that
 * clients connect to has many of them, one after another or waiting.
 */

/** A connection as what speaks on it sees it. */
export interface Peer {
  /** Sends without waiting; the characters stand for bytes. */
  write(text: string): void;
  /** Undefined while the client keeps up with what is sent, else resolves when it has caught up or left. */
  caughtUp(): Promise<void> | undefined;
  /** Stops the arrival of bytes; what has arrived already may still come. */
  pause(): void;
  resume(): void;
  /** Closes the connection once what was written is out. */
  end(): void;
}

/** One client's stay. */
export interface Conversation {
  receive(bytes: Uint8Array): void;
  /** Nothing more comes: the conversation ends when what has come is answered. Without it, it ends at once. */
  finish?(): void;
}

/** What speaks on a character device. */
export interface Frontend {
  /** It sends back what is typed, so that a terminal need not show it. */
  readonly echoes?: boolean;
  connect(peer: Peer): Conversation;
  /** The client has gone. */
  disconnect(conversation: Conversation): void;
}
