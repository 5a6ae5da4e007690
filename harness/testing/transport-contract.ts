/**
 * What every transport must do, as one suite. A kit makes connected pairs: `ours` is under test, `peer` is a
 * transport at the other side, of whatever kind.
 */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transport, TransportSink } from '../transports/transport.ts';
import { type Requirable, requireOrSkip } from './engines.ts';

export interface TransportPair {
  readonly ours: Transport;
  readonly peer: Transport;
  /** Frees what both transports do not free. */
  release?(): Promise<void>;
}

export interface TransportKit {
  readonly name: string;
  connect(): Promise<TransportPair>;
  /** `end` lets the peer see the end. */
  readonly halfClose: boolean;
  /** `close` lets the peer see the end; default true. */
  readonly hangUp?: boolean;
  /** `write` asks to wait when the peer does not read. */
  readonly window: boolean;
  /** What it needs, and why that is missing (null: it is there). */
  readonly needs?: { readonly what: Requirable; unavailable(): string | null };
}

/** A sink that keeps everything. */
class Ear implements TransportSink {
  readonly chunks: Buffer[] = [];
  length = 0;
  ends: (Error | undefined)[] = [];
  #changed: () => void = () => {};

  data(chunk: Uint8Array): void {
    this.chunks.push(Buffer.from(chunk));
    this.length += chunk.length;
    this.#changed();
  }

  closed(error?: Error): void {
    this.ends.push(error);
    this.#changed();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async bytes(length: number): Promise<Buffer> {
    await this.until(() => this.length >= length || this.ends.length > 0);
    return Buffer.concat(this.chunks);
  }

  end(): Promise<void> {
    return this.until(() => this.ends.length > 0);
  }
}

function listenTo(transport: Transport): Ear {
  const ear = new Ear();
  transport.open(ear);
  return ear;
}

/** Bytes that no two positions nearby have in common, all values among them. */
function pattern(length: number, salt: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >> 8) * 13 + (i >> 16) * 31 + salt) & 0xff;
  return bytes;
}

async function writeAll(transport: Transport, bytes: Buffer, piece: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) await transport.write(bytes.subarray(at, at + piece));
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

export function transportContract(kit: TransportKit): void {
  describe(kit.name, () => {
    const pairs: TransportPair[] = [];
    /** As many may be open when a test has ended; a test that is skipped opens none. */
    let descriptors = Number.POSITIVE_INFINITY;

    async function connect(): Promise<TransportPair> {
      const pair = await kit.connect();
      pairs.push(pair);
      return pair;
    }

    beforeEach(async (test) => {
      descriptors = Number.POSITIVE_INFINITY;
      if (kit.needs) requireOrSkip(test, kit.needs.what, kit.needs.unavailable());
      // The first connection may load a module or start a thread that stays.
      const { ours, peer, release } = await kit.connect();
      await Promise.all([ours.close(), peer.close()]);
      await release?.();
      await new Promise(setImmediate);
      descriptors = openDescriptors();
    });

    afterEach(async () => {
      for (const { ours, peer, release } of pairs.splice(0)) {
        await Promise.all([ours.close(), peer.close()]);
        await release?.();
      }
      // Nothing is left; descriptors that the system is just closing may need a moment.
      while (openDescriptors() > descriptors) await new Promise(setImmediate);
    });

    it('keeps all bytes in order, both ways at once', async () => {
      const { ours, peer } = await connect();
      const [heard, heardByPeer] = [listenTo(ours), listenTo(peer)];
      const [there, back] = [pattern(50_000, 1), pattern(70_000, 2)];
      await Promise.all([writeAll(ours, there, 77), writeAll(peer, back, 1013)]);
      expect((await heardByPeer.bytes(there.length)).equals(there)).toBe(true);
      expect((await heard.bytes(back.length)).equals(back)).toBe(true);
    });

    it('carries lines of several megabytes both ways', async () => {
      const { ours, peer } = await connect();
      const [heard, heardByPeer] = [listenTo(ours), listenTo(peer)];
      const [there, back] = [Buffer.alloc(3_000_000, 'a'), Buffer.alloc(4_000_000, 'b')];
      await Promise.all([ours.write(there), peer.write(back)]);
      await Promise.all([ours.write(Buffer.from('\n')), peer.write(Buffer.from('\r\n'))]);
      const atPeer = await heardByPeer.bytes(there.length + 1);
      expect(atPeer.equals(Buffer.concat([there, Buffer.from('\n')]))).toBe(true);
      expect((await heard.bytes(back.length + 2)).equals(Buffer.concat([back, Buffer.from('\r\n')]))).toBe(
        true,
      );
    });

    it('delivers what came before open, and never inside open or write', async () => {
      const { ours, peer } = await connect();
      const heardByPeer = listenTo(peer);
      await peer.write(Buffer.from('early'));
      await ours.write(Buffer.from('x'));
      await heardByPeer.bytes(1);
      const heard = listenTo(ours);
      expect(heard.length).toBe(0);
      expect((await heard.bytes(5)).toString()).toBe('early');
      void peer.write(Buffer.from('!'));
      expect(heard.length).toBe(5);
      expect((await heard.bytes(6)).toString()).toBe('early!');
    });

    it('stops writing at end, and goes on reading', async () => {
      const { ours, peer } = await connect();
      const [heard, heardByPeer] = [listenTo(ours), listenTo(peer)];
      await ours.write(Buffer.from('last'));
      await peer.write(Buffer.from('still'));
      ours.end();
      ours.end();
      await expect(ours.write(Buffer.from('x'))).rejects.toThrow(ours.name);
      expect((await heardByPeer.bytes(4)).toString()).toBe('last');
      expect((await heard.bytes(5)).toString()).toBe('still');
      if (kit.halfClose) await heardByPeer.end();
      else {
        await peer.write(Buffer.from('...'));
        expect((await heard.bytes(8)).toString()).toBe('still...');
      }
    });

    it('closes once, however often it is asked to, and the peer sees it', async () => {
      const { ours, peer } = await connect();
      const [heard, heardByPeer] = [listenTo(ours), listenTo(peer)];
      await Promise.all([ours.close(), ours.close()]);
      await ours.close();
      await heard.end();
      if (kit.hangUp ?? true) await heardByPeer.end();
      await new Promise(setImmediate);
      expect(heard.ends).toEqual([undefined]);
      expect(heardByPeer.ends.length).toBeLessThanOrEqual(1);
      await expect(ours.write(Buffer.from('x'))).rejects.toThrow(ours.name);
    });

    it('says that it was closed to who opens it later', async () => {
      const { ours } = await connect();
      await ours.close();
      const heard = listenTo(ours);
      await heard.end();
      expect(heard.ends).toHaveLength(1);
    });

    it('delivers what a peer said that disappeared, then the end', async () => {
      const { ours, peer } = await connect();
      const heard = listenTo(ours);
      listenTo(peer);
      await peer.write(Buffer.from('goodbye'));
      expect((await heard.bytes(7)).toString()).toBe('goodbye');
      await peer.close();
      await heard.end();
      expect(heard.ends).toHaveLength(1);
      await expect(ours.write(Buffer.from('x'))).rejects.toThrow(ours.name);
    });

    it.runIf(kit.window)('asks to wait when the peer does not read, until it does', async () => {
      const { ours, peer } = await connect();
      listenTo(ours);
      const piece = Buffer.alloc(64 * 1024);
      let sent = 0;
      let room: Promise<void> | undefined;
      while (room === undefined) {
        expect(sent).toBeLessThan(64 * 1024 * 1024);
        room = ours.write(piece);
        sent += piece.length;
        await new Promise(setImmediate);
      }
      const heardByPeer = listenTo(peer);
      await room;
      expect((await heardByPeer.bytes(sent)).length).toBe(sent);
    });
  });
}
