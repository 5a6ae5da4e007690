/** The driver nbd: each thing that a server may say, and may not, before an export is chosen. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { openIo } from '../helpers/node-io.ts';
import { NbdInfo, NbdOption as Option, OptionReply as Reply } from '../helpers/peers/nbd-numbers.ts';
import {
  changedAt,
  type Manners,
  optionReply,
  type PeerExport,
  startNbdPeer,
} from '../helpers/peers/nbd-peer.ts';
import { uint16, uint32, uint64 } from '../helpers/peers/wire-numbers.ts';
import { checkAbsent, KiB, virtualSize } from '../helpers/shared-setup.ts';
import { checkReads } from './driver-guest.ts';
import { remoteBytes } from './network/remote-nodes.ts';

const SIZE = 64 * KiB;
const BYTE = 5;
const needs = remoteBytes('nbd');

const disk = (part: Partial<PeerExport> = {}): PeerExport => ({ data: Buffer.alloc(SIZE, BYTE), ...part });

const optionOf = (reply: Buffer): number => reply.readUInt32BE(8);
const typeOf = (reply: Buffer): number => reply.readUInt32BE(12);

/** Puts another reply in the place of that of one type to one option. */
const instead =
  (option: number, type: number, other: (message: Buffer) => Buffer): Manners['spoil'] =>
  (kind, message) =>
    kind === 'option' && optionOf(message) === option && typeOf(message) === type ? other(message) : message;

/** The information on the export that GO gives, in other words. */
const described = (other: (size: bigint, flags: number) => Buffer): Manners['spoil'] =>
  instead(Option.go, Reply.info, (message) =>
    message.readUInt16BE(20) === NbdInfo.export
      ? optionReply(Option.go, Reply.info, other(message.readBigUInt64BE(22), message.readUInt16BE(30)))
      : message,
  );

const info = (...parts: readonly Buffer[]): Buffer => Buffer.concat([uint16(NbdInfo.export), ...parts]);
/** Block sizes, told behind the description of the export. */
const blockSizes = (least: number, good: number, most: number): Manners['spoil'] =>
  instead(Option.go, Reply.info, (message) => {
    const sizes = Buffer.concat([uint16(NbdInfo.blockSize), uint32(least), uint32(good), uint32(most)]);
    return Buffer.concat([message, optionReply(Option.go, Reply.info, sizes)]);
  });

/** What becomes of a server: a node over it, or none; one that the client leaves while it may still choose should be told so. */
type Fate = 'taken' | 'refused' | 'left';

/** What a server says, what becomes of it, and whether it is simple or structured. */
type Handshake = readonly [what: string, becomes: Fate, spoil: Manners['spoil'], manners?: Manners];

const structured: Manners = { structured: true };
const greeting =
  (change: (message: Buffer) => Buffer): Manners['spoil'] =>
  (kind, message) =>
    kind === 'greeting' ? change(message) : message;

const GREETINGS: readonly Handshake[] = [
  ['another first magic number', 'refused', greeting(changedAt(7, 0x44))],
  ['another second magic number', 'refused', greeting(changedAt(15, 0x44))],
  ['flags without NO_ZEROES', 'taken', greeting(changedAt(17, 1))],
  ['no flags', 'taken', greeting(changedAt(17, 0))],
  ['flags that nobody knows', 'taken', greeting(changedAt(16, 0x80))],
  [
    'a reply with another magic number',
    'left',
    instead(Option.structured, Reply.unsupported, changedAt(7, 0)),
  ],
  ['a reply to another option', 'left', instead(Option.structured, Reply.unsupported, changedAt(11, 99))],
];

const STRUCTURED: readonly Handshake[] = [
  [
    'structured replies denied',
    'taken',
    instead(Option.structured, Reply.unsupported, () => optionReply(Option.structured, Reply.policy)),
  ],
  [
    'structured replies refused as invalid',
    'taken',
    instead(Option.structured, Reply.unsupported, () => optionReply(Option.structured, Reply.invalid)),
  ],
  [
    'an answer of unknown type to structured replies',
    'left',
    instead(Option.structured, Reply.unsupported, () => optionReply(Option.structured, 77)),
  ],
  [
    'structured replies acknowledged with data',
    'left',
    instead(Option.structured, Reply.ack, () => optionReply(Option.structured, Reply.ack, Buffer.alloc(4))),
    structured,
  ],
  ['no context', 'taken', instead(Option.setContexts, Reply.context, () => Buffer.alloc(0)), structured],
  [
    'contexts refused',
    'taken',
    (kind, message) => {
      if (kind !== 'option' || optionOf(message) !== Option.setContexts) return message;
      return typeOf(message) === Reply.ack ? optionReply(Option.setContexts, Reply.invalid) : Buffer.alloc(0);
    },
    structured,
  ],
  [
    'another context',
    'refused',
    instead(Option.setContexts, Reply.context, () =>
      optionReply(Option.setContexts, Reply.context, Buffer.concat([uint32(1), Buffer.from('base:other')])),
    ),
    structured,
  ],
  [
    'a context without its number',
    'refused',
    instead(Option.setContexts, Reply.context, () =>
      optionReply(Option.setContexts, Reply.context, Buffer.alloc(3)),
    ),
    structured,
  ],
];

const GO: readonly Handshake[] = [
  ['an export without flags', 'refused', described((size) => info(uint64(size), uint16(0)))],
  [
    'an export that is not described',
    'refused',
    described(() => Buffer.concat([uint16(NbdInfo.name), Buffer.from('disk')])),
  ],
  [
    'the name of the export besides',
    'taken',
    instead(Option.go, Reply.info, (message) =>
      Buffer.concat([
        optionReply(Option.go, Reply.info, Buffer.concat([uint16(NbdInfo.name), Buffer.from('disk')])),
        message,
      ]),
    ),
  ],
  [
    'half a kind of information',
    'refused',
    instead(Option.go, Reply.info, () => optionReply(Option.go, Reply.info, Buffer.alloc(1))),
  ],
  [
    'a reply of an unknown type',
    'refused',
    instead(Option.go, Reply.info, (message) => Buffer.concat([optionReply(Option.go, 77), message])),
  ],
  ['GO denied', 'refused', instead(Option.go, Reply.info, () => optionReply(Option.go, Reply.policy))],
  [
    'GO refused for want of block sizes',
    'refused',
    instead(Option.go, Reply.info, () => optionReply(Option.go, Reply.blockSizeRequired)),
  ],
  ...(
    [
      ['taken', 1, 1, 1024 * KiB],
      ['taken', 512, 512, 512],
      ['taken', 64 * KiB, 64 * KiB, 64 * KiB],
      ['taken', 1, 4096, 2 ** 32 - 1],
      ['refused', 0, 4096, 64 * KiB],
      ['refused', 3, 4096, 64 * KiB],
      ['refused', 1024, 512, 64 * KiB],
      ['refused', 512, 1023, 64 * KiB],
      ['refused', 512, 4096, 256],
    ] as const
  ).map(
    ([becomes, least, good, most]): Handshake => [
      `blocks of ${least}, ${good} and ${most}`,
      becomes,
      blockSizes(least, good, most),
    ],
  ),
];

/** A node over a server that says these things one after another. */
function handshakes(id: string, title: string, variants: readonly Handshake[]): CaseDefinition {
  return {
    id: `nbd/${id}`,
    title,
    requirements: ['nbd/server', 'blockdev-add/failure-leaves-nothing'],
    needs,
    async run(t: CaseContext) {
      for (const [what, becomes, spoil, manners = {}] of variants) {
        const peer = await startNbdPeer(t, { '': disk() }, 'unix', { ...manners, spoil: spoil! });
        const node = t.name('nbd');
        const options: JsonObject = { driver: 'nbd', 'node-name': node, server: peer.address };
        if (becomes === 'taken') {
          await t.execute('blockdev-add', options);
          t.equal(
            await virtualSize(t, node),
            SIZE,
            `over a server with ${what} the node must have the size of the export`,
          );
          const guest = await openIo(t, node, { writable: false });
          await checkReads(t, guest, [0, SIZE], BYTE, `over a server with ${what}`);
          await guest.close();
        } else {
          const { error } = await t.request({ execute: 'blockdev-add', arguments: options });
          t.check(error !== undefined, `a server with ${what} must be refused`, 'it is accepted');
          await checkAbsent(t, node);
          await peer.idle();
          if (becomes === 'left')
            t.check(
              peer.aborts === 1,
              `a server with ${what} should be told that the client leaves`,
              'it is not',
              { severity: 'should' },
            );
        }
        await peer.stop();
      }
    },
  };
}

export const nbdHandshakeCases: readonly CaseDefinition[] = [
  handshakes(
    'greetings',
    'Servers may greet with any flags, but by the right magic numbers, and answer what they were asked',
    GREETINGS,
  ),
  handshakes(
    'structured-or-not',
    'A server may refuse structured replies and contexts; what it grants it must grant by the protocol',
    STRUCTURED,
  ),
  handshakes(
    'described-exports',
    'The export that a server describes must be possible, and so must the blocks that it wants',
    GO,
  ),
];
