/** A server that sends what a test has written down, whatever it is asked. */
import net from 'node:net';
import { pack, packOptionReply, u16, u32, u64 } from '../nbd/nbd-messages.ts';
import { HandshakeFlag, Info, Magic, Option, OptionReply } from '../nbd/nbd-protocol.ts';

/** Sent one after another: each after something has arrived from the client, the first at once. */
export type Script = readonly Uint8Array[];

export interface Peer {
  close(): Promise<void>;
}

/** Serves connections at `path`; hangs up after the last line of the script, or stays silent with `hang`. */
export async function scriptedPeer(path: string, script: Script, hang = false): Promise<Peer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let next = 0;
    const say = (): void => {
      const line = script[next];
      next += 1;
      if (line !== undefined) socket.write(line);
      if (next >= script.length && !hang) socket.end();
    };
    say();
    // The client's flags come with its first option, and are no turn of their own.
    socket.on('data', (chunk) => chunk.length > 4 && next < script.length && say());
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const both = HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes;
export const greeting = pack(u64(Magic.server), u64(Magic.option), u16(both));

export const exportInfo = (size: number | bigint, flags: number): Buffer =>
  packOptionReply(Option.go, OptionReply.info, pack(u16(Info.export), u64(size), u16(flags)));
export const blockInfo = (min: number, preferred: number, max: number): Buffer =>
  packOptionReply(Option.go, OptionReply.info, pack(u16(Info.blockSize), u32(min), u32(preferred), u32(max)));
export const acknowledge = (option: number): Buffer => packOptionReply(option, OptionReply.ack);

/** The handshake up to `GO`, whose answers follow; with structured replies and `base:allocation` if wanted. */
export function untilGo(structured: boolean): Buffer[] {
  const { structuredReply, setMetaContext } = Option;
  if (!structured) return [greeting, packOptionReply(structuredReply, OptionReply.errUnsup)];
  const context = packOptionReply(setMetaContext, OptionReply.metaContext, pack(u32(1), 'base:allocation'));
  return [greeting, acknowledge(structuredReply), Buffer.concat([context, acknowledge(setMetaContext)])];
}
