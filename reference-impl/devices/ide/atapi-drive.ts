/**
 * An ATAPI CD drive: packets come in and data go out through the data port, in pieces of the length that the guest
 * gives. What the packets ask for is in `packet-commands.ts`.
 */
import type { CdMedium } from './cd-medium.ts';
import { FEATURES, IDLE_FEATURES } from './drive-features.ts';
import type { IdeBacking } from './ide-backing.ts';
import { IdeDrive } from './ide-drive.ts';
import { Register, Status } from './ide-registers.ts';
import { FIRST_MODES, identifyCdDrive } from './identify-data.ts';
import { PACKET_COMMANDS } from './packet-commands.ts';
import { isAttention, NO_SENSE_KEY, type Sense, Senses, senseData } from './sense.ts';

const PACKET_BYTES = 12;
/** What a guest may be given at once that sets no limit. */
const MOST_AT_ONCE = 0xfffe;

/** Bits of the count register: why there is an interrupt. */
const Reason = { mask: 0x07, command: 0x01, toHost: 0x02, done: 0x03 } as const;

const Command = {
  deviceReset: 0x08,
  read: 0x20,
  diagnose: 0x90,
  packet: 0xa0,
  identifyPacketDevice: 0xa1,
  flush: 0xe7,
  identifyDevice: 0xec,
  setFeatures: 0xef,
} as const;

/** Data that a command gives. */
interface Reply {
  /** Bytes that are not on their way yet. */
  left: number;
  /** Of these, the ones that are there. */
  ready: Buffer;
  /** The next block, or why it could not be read. */
  readonly next: () => Promise<Buffer | Sense>;
}

/** A CD drive. */
export class AtapiDrive extends IdeDrive {
  readonly backing: IdeBacking;
  readonly medium: CdMedium;
  #sense: Sense = Senses.none;

  constructor(backing: IdeBacking, medium: CdMedium, interrupt: () => void) {
    super([0x14, 0xeb], interrupt);
    this.backing = backing;
    this.medium = medium;
  }

  /** A reset is taken at any time. */
  override command(code: number): void {
    if (code === Command.deviceReset) this.execute(code);
    else super.command(code);
  }

  protected override execute(code: number): void {
    this.beginCommand();
    this.error = 0;
    this.status = Status.ready | Status.seekComplete;
    switch (code) {
      case Command.deviceReset:
      case Command.diagnose:
        this.#beAsNew(code === Command.diagnose);
        return;
      case Command.packet:
        this.registers[Register.count] = Reason.command;
        this.take(PACKET_BYTES, (packet) => this.#run(packet));
        return;
      case Command.identifyPacketDevice:
        this.give(identifyCdDrive(this.backing.labels, FIRST_MODES), () => {});
        this.interrupt();
        return;
      case Command.setFeatures:
        this.#setFeatures(this.registers[Register.feature]!);
        return;
      case Command.flush:
        this.endWith(this.backing.io.flush());
        return;
      case Command.read:
      case Command.identifyDevice:
        this.sign();
        this.abort();
        return;
      default:
        this.abort();
    }
  }

  protected override resetDrive(): void {
    this.backing.io.reset();
    this.#sense = Senses.none;
    this.medium.reset();
    this.status = 0;
  }

  /** Somebody has changed the medium, or moved the tray. */
  mediumChanged(): void {
    this.medium.changed();
    this.interrupt();
  }

  ejectRequested(): void {
    this.medium.requestEject();
    this.interrupt();
  }

  /** The command is done. */
  succeed(): void {
    this.error = 0;
    this.status = Status.ready | Status.seekComplete;
    this.#setReason(Reason.done);
    this.interrupt();
  }

  fail(sense: Sense): void {
    this.#sense = sense;
    this.error = sense.key << 4;
    this.status = Status.ready | Status.error;
    this.#setReason(Reason.done);
    this.interrupt();
  }

  #setFeatures(feature: number): void {
    const isKnown = IDLE_FEATURES.includes(feature) || Object.values<number>(FEATURES).includes(feature);
    if (!isKnown) {
      this.abort();
      return;
    }
    if (feature === FEATURES.writeCacheOn) this.backing.writeCache = true;
    if (feature !== FEATURES.writeCacheOff) {
      this.interrupt();
      return;
    }
    this.backing.writeCache = false;
    this.endWith(this.backing.io.flush());
  }

  /** For what the guest was told already and has not asked about. */
  #failAgain(): void {
    this.error = this.#sense.key << 4;
    this.status = Status.error;
    this.registers[Register.count] = 0;
    this.interrupt();
  }

  /** Gives `data`, as much of it as the guest has asked for. */
  reply(data: Buffer, asked: number): void {
    const ready = data.subarray(0, asked);
    this.#send({ left: ready.length, ready, next: async () => Senses.readFailed });
  }

  /** Gives blocks of that many bytes each; `read` makes them. */
  replyBlocks(
    first: number,
    count: number,
    size: number,
    read: (block: number) => Promise<Buffer | Sense>,
  ): void {
    let block = first;
    const next = () => read(block++);
    this.#send({ left: count * size, ready: Buffer.alloc(0), next });
  }

  /** The sense of the last error; a change of the medium is told by that. */
  takeSense(): Buffer {
    const sense = this.#sense;
    if (isAttention(sense)) this.#sense = { key: NO_SENSE_KEY, code: sense.code };
    return senseData(sense);
  }

  #beAsNew(hasResult: boolean): void {
    if (!hasResult) this.reset();
    this.sign();
    this.error = hasResult ? 1 : 0;
    this.status = 0;
  }

  #run(packet: Buffer): void {
    this.beginCommand();
    this.status = Status.ready | Status.seekComplete;
    const command = PACKET_COMMANDS.get(packet[0]!);
    if (command?.toldAnyway !== true) {
      if (isAttention(this.#sense)) {
        this.#failAgain();
        return;
      }
      const change = this.medium.tellChange();
      if (change !== undefined) {
        this.fail(change);
        return;
      }
    }
    if (command === undefined) {
      this.fail(Senses.unknownCommand);
      return;
    }
    if (command.needsMedium === true && !this.medium.isPresent) {
      this.fail(Senses.noMedium);
      return;
    }
    if (command.givesData && this.refusesNoData()) return;
    command.run(this, packet);
  }

  /** Whether the command, which gives data, was refused because the guest takes none. */
  refusesNoData(): boolean {
    if (this.#limit > 0) return false;
    this.abort();
    return true;
  }

  /** Bytes of a piece. */
  get #limit(): number {
    const given = this.registers[Register.cylinderLow]! | (this.registers[Register.cylinderHigh]! << 8);
    return Math.min(given, MOST_AT_ONCE);
  }

  /** A piece is read whole before the guest gets any of it. */
  #send(reply: Reply): void {
    if (reply.left === 0) {
      this.succeed();
      return;
    }
    const limit = this.#limit;
    const length = reply.left > limit ? limit - (limit % 2) : reply.left;
    if (reply.ready.length >= length) {
      this.#give(reply, length);
      return;
    }
    this.status |= Status.busy;
    this.when(reply.next(), (block) => {
      this.status &= ~Status.busy;
      if ('key' in block) {
        this.fail(block);
        return;
      }
      reply.ready = Buffer.concat([reply.ready, block]);
      this.#send(reply);
    });
  }

  #give(reply: Reply, length: number): void {
    const piece = reply.ready.subarray(0, length);
    reply.ready = reply.ready.subarray(length);
    reply.left -= length;
    this.registers[Register.cylinderLow] = length & 0xff;
    this.registers[Register.cylinderHigh] = length >> 8;
    this.#setReason(Reason.toHost);
    this.interrupt();
    this.give(piece, () => this.#send(reply));
  }

  #setReason(reason: number): void {
    this.registers[Register.count] = (this.registers[Register.count]! & ~Reason.mask) | reason;
  }
}
