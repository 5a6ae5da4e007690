/** The telnet protocol, as far as a character device speaks it: what it asks of the client, and taking out what it says. */

const IAC = 0xff;
const [WILL, WONT, DO, DONT, SB, SE] = [0xfb, 0xfc, 0xfd, 0xfe, 0xfa, 0xf0];
const [BINARY, ECHO, SUPPRESS_GO_AHEAD] = [0, 1, 3];

/** What is sent first, as text of bytes: the other end is to show and send characters as they come. */
export const TELNET_GREETING = [
  [WILL, ECHO],
  [WILL, SUPPRESS_GO_AHEAD],
  [WILL, BINARY],
  [DO, BINARY],
]
  .map((words) => String.fromCharCode(IAC, ...words))
  .join('');

/** Takes telnet's own words out of a stream of bytes. */
export class TelnetInput {
  /** `text`; after IAC; after a word that an option follows; within a negotiation, and after IAC there. */
  #state: 'text' | 'command' | 'option' | 'negotiation' | 'negotiation-end' = 'text';

  /** What is left of `bytes`. */
  push(bytes: Uint8Array): Uint8Array {
    const rest: number[] = [];
    for (const byte of bytes) if (this.#isText(byte)) rest.push(byte);
    return Uint8Array.from(rest);
  }

  #isText(byte: number): boolean {
    switch (this.#state) {
      case 'text':
        if (byte === IAC) this.#state = 'command';
        return byte !== IAC && byte !== 0;
      case 'command':
        this.#state = byte === SB ? 'negotiation' : [WILL, WONT, DO, DONT].includes(byte) ? 'option' : 'text';
        return byte === IAC;
      case 'option':
        this.#state = 'text';
        return false;
      case 'negotiation':
        if (byte === IAC) this.#state = 'negotiation-end';
        return false;
      default:
        this.#state = byte === SE ? 'text' : 'negotiation';
        return false;
    }
  }
}
