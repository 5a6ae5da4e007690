/**
 * Plays scenes at the ports of a PC's IDE channels. A scene is text, a step a line with what the guest must see of it after
 * `->`. All numbers are hexadecimal, but for counts of bytes. Steps, all on the channel that was named last:
 *
 *     channel 0           which channel; nothing is seen
 *     2=01 3=00 7=20      writes registers in this order, `c` being the control register
 *     in 512, in 4 by 1   reads so many bytes, a word at a time or so many bytes
 *     out 5a*512          writes these bytes, a word at a time
 *     packet 12 00*3 24 / 8    has a CD drive carry out a packet, and reads what it gives in pieces of at most 8 bytes
 *     look                nothing
 *     moved               nothing; what is seen is as it is once a bus master has moved all data
 *     ! eject {"id":"cd"} what the monitor is asked to do, @DIR@ being the scratch folder; nothing is seen
 *     > inl 0xcf8; inb 1  lines of the qtest protocol, whose values are seen
 *     interrupts          changes of the channels' interrupt lines since the last time
 *     hang up             ends the connection of the qtest protocol; nothing is seen
 *
 * What is seen is data and registers as they are once the drive is no longer busy: status, error, count, sector, cylinder
 * low and high, device. A row of one byte is written `00*12`.
 */
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import type { RequiredText } from '../../case-text.ts';
import { valueIn, wordsOut } from '../../helpers/ide-guest.ts';

/** Carries out lines of qtest. */
type Send = (lines: readonly string[]) => Promise<string[]>;

const CHANNELS = [0x1f0, 0x170];
const CONTROL = 0x206;
const BUSY = 0x80;
const DATA = 0x08;
const TO_HOST = 0x02;
const REASON = 0x07;
const MOST_POLLS = 20_000;
const MOST_PIECES = 400;
const SHORTEST_ROW = 4;

/** Plays a scene; the guest must see what stands there. */
export function playScene(t: CaseContext, scene: string): Promise<void> {
  const player = new Player((lines) => t.qtest(lines));
  const play = async (step: string): Promise<string> => {
    if (step === 'interrupts') return ` -> ${t.takeInterrupts().filter(isOfIde).join(', ')}`.trimEnd();
    if (step === 'hang up') {
      await t.hangUpQtest();
      return '';
    }
    if (!step.startsWith('!')) return player.step(step);
    const [, command = '', args = ''] = step.split(' ');
    await t.execute(command, JSON.parse(args.replaceAll('@DIR@', t.dir)) as JsonObject);
    return '';
  };
  return playSteps(t, scene, play, 'the guest must see what the scene says, step by step');
}

/** The timer of a PC, on line 0, ticks as it likes. */
function isOfIde(change: string): boolean {
  return /^\w+ 1[45]$/.test(change);
}

/** Plays a scene up to the first step of which `play` gives other than what stands behind it. */
export async function playSteps(
  t: CaseContext,
  scene: string,
  play: (step: string) => Promise<string>,
  required: RequiredText,
): Promise<void> {
  const wanted = stepsOf(scene);
  const seen: string[] = [];
  for (const line of wanted) {
    const [step = ''] = line.split(' ->');
    seen.push(`${step}${await play(step)}`);
    if (seen.at(-1) !== line) break;
  }
  t.equal(seen, wanted.slice(0, seen.length), required);
}

/** The lines of a scene. */
export function stepsOf(scene: string): string[] {
  return scene.split('\n').filter((line) => line.trim() !== '');
}

/** Plays steps, one by one. */
class Player {
  readonly #send: Send;
  #base = CHANNELS[0]!;

  constructor(send: Send) {
    this.#send = send;
  }

  /** What the guest sees of a step, with the arrow before it; empty where that is nothing. */
  async step(step: string): Promise<string> {
    const [verb = '', ...words] = step.trim().split(' ');
    if (verb === 'channel') {
      this.#base = CHANNELS[Number(words[0])]!;
      return '';
    }
    if (verb === '>') return this.#lines(step.slice(2).split('; '));
    if (verb === 'look') return ` -> ${await this.#then([])}`;
    if (verb === 'moved') return ` -> ${shownRegisters((await this.#act([], BUSY | DATA)).registers)}`;
    if (verb === 'in') return ` -> ${await this.#in(Number(words[0]), Number(words[2] ?? 2))}`;
    if (verb === 'out') return ` -> ${await this.#then(wordsOut(this.#base, bytesOf(words)))}`;
    if (verb === 'packet') return ` -> ${await this.#packet(words)}`;
    return ` -> ${await this.#then([verb, ...words].map((word) => this.#write(word)))}`;
  }

  async #lines(lines: readonly string[]): Promise<string> {
    const answers = await this.#send(lines);
    return ` -> ${answers
      .map((answer) => answer.replace(/^OK ?/, ''))
      .filter((answer) => answer !== '')
      .join(' ')}`.trimEnd();
  }

  #write(assignment: string): string {
    const [register = '', value = ''] = assignment.split('=');
    const port = register === 'c' ? CONTROL : Number.parseInt(register, 16);
    return `outb ${this.#base + port} 0x${value}`;
  }

  async #in(length: number, size: number): Promise<string> {
    const { data, registers } = await this.#read(length, size);
    return `${shownBytes(data)} | ${shownRegisters(registers)}`;
  }

  /** At least so many bytes, `size` at a time. */
  async #read(length: number, size: number): Promise<{ data: Buffer; registers: readonly number[] }> {
    const access = ({ 1: 'inb', 2: 'inw', 4: 'inl' } as Record<number, string>)[size]!;
    const count = Math.ceil(length / size);
    const lines = Array.from({ length: count }, () => `${access} ${this.#base}`);
    const { answers, registers } = await this.#act(lines);
    const data = Buffer.alloc(count * size);
    for (const [index, answer] of answers.entries()) data.writeUIntLE(valueIn(answer), index * size, size);
    return { data, registers };
  }

  /** Six words of a packet, and the pieces that the drive gives. */
  async #packet(words: readonly string[]): Promise<string> {
    const slash = words.indexOf('/');
    const limit = slash < 0 ? 0xfffe : Number(words[slash + 1]);
    const bytes = bytesOf(slash < 0 ? words : words.slice(0, slash));
    const [low, high] = [limit & 0xff, limit >> 8].map((byte) => byte.toString(16));
    const begin = ['1=00', `4=${low}`, `5=${high}`, '7=a0'].map((one) => this.#write(one));
    await this.#act(begin);
    let { registers } = await this.#act(wordsOut(this.#base, Buffer.concat([bytes], 12)));
    const seen = [shownRegisters(registers)];
    for (let pieces = 0; pieces < MOST_PIECES && isToHost(registers); pieces += 1) {
      const piece = await this.#read(registers[4]! | (registers[5]! << 8), 2);
      registers = piece.registers;
      seen.push(shownBytes(piece.data), shownRegisters(registers));
    }
    return seen.join(' | ');
  }

  async #then(lines: readonly string[]): Promise<string> {
    return shownRegisters((await this.#act(lines)).registers);
  }

  /** The answers to the lines, and the registers once none of these bits of the status is set. */
  async #act(
    lines: readonly string[],
    until = BUSY,
  ): Promise<{ answers: readonly string[]; registers: readonly number[] }> {
    const look = [CONTROL, 1, 2, 3, 4, 5, 6].map((register) => `inb ${this.#base + register}`);
    const all = await this.#send([...lines, ...look]);
    const answers = all.slice(0, lines.length);
    let registers = all.slice(lines.length).map(valueIn);
    for (let polls = 0; polls < MOST_POLLS && (registers[0]! & until) !== 0; polls += 1)
      registers = (await this.#send(look)).map(valueIn);
    return { answers, registers };
  }
}

function isToHost([status = 0, , count = 0]: readonly number[]): boolean {
  return (status & DATA) !== 0 && (count & REASON) === TO_HOST;
}

function bytesOf(words: readonly string[]): Buffer {
  const bytes = words.flatMap((word) => {
    const [byte = '', count = '1'] = word.split('*');
    return Array.from({ length: Number(count) }, () => Number.parseInt(byte, 16));
  });
  return Buffer.from(bytes);
}

function shownRegisters(registers: readonly number[]): string {
  return registers.map((value) => value.toString(16).padStart(2, '0')).join(' ');
}

function shownBytes(data: Buffer): string {
  const rows: { readonly byte: number; count: number }[] = [];
  for (const byte of data) {
    const last = rows.at(-1);
    if (last?.byte === byte) last.count += 1;
    else rows.push({ byte, count: 1 });
  }
  return rows
    .flatMap(({ byte, count }) => {
      const shown = byte.toString(16).padStart(2, '0');
      return count >= SHORTEST_ROW ? [`${shown}*${count}`] : Array.from({ length: count }, () => shown);
    })
    .join(' ');
}
