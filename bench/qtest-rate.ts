/** A guest's I/O through the ports of an IDE disk: the reference against QEMU, by the same lines over the same kind of socket. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QtestClient } from '../harness/qtest/qtest-client.ts';
import { BenchEndpoint, missingProgram, onceListening, QEMU, serve } from './endpoints.ts';
import { type Benchmark, compared, inTurns, type Measurement } from './measure.ts';

const ROUNDS = 7;
const SECTORS = 200;
const BUSY = 0x80;
const PORT = 0x1f0;
const COMMAND = { read: 0x20, write: 0x30 } as const;

const WORDS = {
  read: Array.from({ length: 256 }, () => `inw ${PORT}`),
  write: Array.from({ length: 256 }, (_, index) => `outw ${PORT} ${index}`),
};

/** A machine with one IDE disk, and its guest's side. */
class IdeMachine {
  readonly #endpoint: BenchEndpoint;
  readonly #qtest: QtestClient;

  private constructor(endpoint: BenchEndpoint, qtest: QtestClient) {
    this.#endpoint = endpoint;
    this.#qtest = qtest;
  }

  static async start(...command: readonly [string, ...string[]]): Promise<IdeMachine> {
    const endpoint = await BenchEndpoint.start(command, ['qtest.sock'], (folder) => {
      const image = join(folder, 'disk.img');
      writeFileSync(image, '');
      truncateSync(image, 1 << 20);
      return [
        ['-S', '-nodefaults', '-machine', 'pc', '-display', 'none'],
        ['-drive', `if=none,id=d0,file=${image},format=raw`],
        ['-device', 'ide-hd,drive=d0,bus=ide.0'],
        ['-qtest', `unix:${join(folder, 'qtest.sock')},server=on,wait=off`, '-qtest-log', '/dev/null'],
      ].flat();
    });
    const [path] = endpoint.sockets;
    return new IdeMachine(endpoint, await onceListening(() => QtestClient.connect(path!)));
  }

  /** Transfers sectors one by one, as a driver without DMA does. */
  async transfer(kind: 'read' | 'write', sectors: number): Promise<void> {
    for (let sector = 0; sector < sectors; sector += 1) {
      const registers = [1, sector & 0xff, sector >> 8, 0, 0xe0, COMMAND[kind]];
      await this.#qtest.send(registers.map((value, index) => `outb ${PORT + 2 + index} ${value}`));
      await this.#settled();
      await this.#qtest.send(WORDS[kind]);
      if (kind === 'write') await this.#settled();
    }
  }

  async #settled(): Promise<void> {
    for (;;) {
      const [answer = ''] = await this.#qtest.send([`inb ${PORT + 7}`]);
      if ((Number(answer.split(' ')[1]) & BUSY) === 0) return;
    }
  }

  async stop(): Promise<void> {
    this.#qtest.close();
    await this.#endpoint.stop();
  }
}

export const qtestRate: Benchmark = {
  unavailable: () => Promise.resolve(missingProgram(QEMU)),
  async measure({ rounds, amount }) {
    const ours = await IdeMachine.start(...serve());
    const peer = await IdeMachine.start(QEMU, '-accel', 'tcg');
    const results: Measurement[] = [];
    try {
      for (const kind of ['read', 'write'] as const) {
        const sectors = amount(SECTORS);
        const claim = {
          id: `qtest-${kind}`,
          title: `a guest's I/O by qtest against QEMU: ${kind}`,
          claim: 1,
          round: `${sectors} sectors through the ports of an IDE disk`,
        };
        const [mine, theirs] = [() => ours.transfer(kind, sectors), () => peer.transfer(kind, sectors)];
        results.push(compared(claim, await inTurns(rounds(ROUNDS), mine, theirs)));
      }
    } finally {
      await ours.stop();
      await peer.stop();
    }
    return results;
  },
};
