/** A process that is killed and a disk that loses power in the middle of writes: what was flushed is there. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { packageRoot } from '../../../spec/package-root.ts';
import { make, openFile, openImage, withoutTools } from '../../testing/qcow2-fixture.ts';
import type { ChildHandle } from '../driver.ts';
import type { Image } from './image.ts';
import { read } from './reading.ts';
import { write } from './writing.ts';

const SECTORS = 1024;
const SIZE = SECTORS * 512;

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-crash-'));
  path = join(folder, 'disk.qcow2');
});
afterEach(() => rm(folder, { recursive: true }));

async function fresh(options: JsonObject): Promise<void> {
  await writeFile(path, '');
  const file = await openFile(path);
  await make(file, { size: SIZE, ...options });
  await file.close();
}

/** What each sector may hold: its value at the last flush, and every value that was sent after it. */
class Expected {
  readonly #flushed = new Uint8Array(SECTORS);
  readonly #since = new Map<number, number[]>();

  sent(sector: number, value: number): void {
    this.#since.set(sector, [...(this.#since.get(sector) ?? []), value]);
  }

  /** What had ended before the flush began is safe: the last value sent, since writes here never overlap. */
  flushed(): void {
    for (const [sector, values] of this.#since) this.#flushed[sector] = values.at(-1)!;
    this.#since.clear();
  }

  async check(image: Image): Promise<void> {
    const bytes = new Uint8Array(SIZE);
    await read(image, 0, bytes);
    for (let sector = 0; sector < SECTORS; sector++) {
      const found = bytes.subarray(sector * 512, sector * 512 + 512);
      expect(
        found.every((byte) => byte === found[0]),
        `sector ${sector} is torn`,
      ).toBe(true);
      const allowed = [this.#flushed[sector]!, ...(this.#since.get(sector) ?? [])];
      expect(allowed, `sector ${sector}`).toContain(found[0]);
    }
  }
}

/** qemu-img finds nothing worse than leaked clusters. */
function expectNoCorruption(): void {
  const { status, stdout } = spawnSync('qemu-img', ['check', path], { encoding: 'utf8' });
  expect([0, 3], stdout).toContain(status);
}

const shapes: readonly JsonObject[] = [
  { 'cluster-size': 512, 'refcount-bits': 1 },
  { 'cluster-size': 4096, 'lazy-refcounts': true },
  { 'cluster-size': 1024, version: 'v2' },
];

/**
 * A disk that keeps writes in a cache until they are flushed to stable storage. When power is lost, of those in the cache
 * any have arrived and others not, sector by sector of 512 bytes.
 */
class LossyDisk {
  readonly #file: ChildHandle;
  readonly #stable: ChildHandle;
  #cached: { offset: number; data: Uint8Array }[] = [];

  /** `stable` holds what `file` does. */
  constructor(file: ChildHandle, stable: ChildHandle) {
    this.#file = file;
    this.#stable = stable;
  }

  handle(): ChildHandle {
    return {
      ...this.#file,
      write: async (offset, data) => {
        const kept = { offset, data: data.slice() };
        await this.#file.write(offset, data);
        this.#cached.push(kept);
      },
      flush: async () => {
        for (const { offset, data } of this.#cached.splice(0)) await this.#stable.write(offset, data);
      },
    };
  }

  /** Afterwards only the stable storage counts. */
  async losePower(random: Random): Promise<void> {
    for (const { offset, data } of this.#cached) {
      for (let done = 0; done < data.length; ) {
        const piece = data.subarray(done, done + 512 - ((offset + done) % 512));
        if (random.below(2) === 0) await this.#stable.write(offset + done, piece);
        done += piece.length;
      }
    }
  }
}

describe.skipIf(withoutTools !== undefined)(`crashes${withoutTools ? `: ${withoutTools}` : ''}`, () => {
  test.each(shapes.flatMap((options) => [1, 2, 3, 4].map((seed) => ({ options, seed }))))(
    'power is lost: $options, seed $seed',
    async ({ options, seed }) => {
      await fresh(options);
      const random = new Random(seed);
      const volatile = `${path}.volatile`;
      await copyFile(path, volatile);
      const [file, stable] = [await openFile(volatile), await openFile(path)];
      const disk = new LossyDisk(file, stable);
      const { image } = await openImage(disk.handle());
      const expected = new Expected();
      const batch = async () => {
        const sectors = new Set(Array.from({ length: 8 }, () => random.below(SECTORS)));
        await Promise.all(
          [...sectors].map((sector) => {
            const value = 1 + random.below(255);
            expected.sent(sector, value);
            return write(image, sector * 512, new Uint8Array(512).fill(value));
          }),
        );
      };
      for (let round = 0; round < 20; round++) await batch();
      await image.flush();
      expected.flushed();
      const unflushed = 1 + random.below(20);
      for (let round = 0; round < unflushed; round++) await batch();
      await image.mapping.cache.flush();
      await disk.losePower(random);
      await file.close();
      const reopened = await openImage(stable);
      await expected.check(reopened.image);
      expect(reopened.reports).toEqual([]);
      await reopened.image.close();
      await stable.close();
      expectNoCorruption();
    },
  );

  test.each(shapes)('the process is killed: %o', async (options) => {
    await fresh(options);
    const program = fileURLToPath(new URL('bin/qmpcheck', packageRoot()));
    const drive = `if=none,id=d0,format=qcow2,file=${path}`;
    const child = spawn(process.execPath, [program, 'serve', '-drive', drive, '-qmp', 'stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit');
    child.stdin.on('error', () => undefined);
    const random = new Random(5);
    const expected = new Expected();
    const send = (execute: string, args?: JsonObject) =>
      child.stdin.write(`${JSON.stringify({ execute, ...(args && { arguments: args }) })}\n`);
    const qemuIo = (command: string) =>
      send('human-monitor-command', { 'command-line': `qemu-io d0 "${command}"` });
    send('qmp_capabilities');
    // what each reply stands for, the greeting and the first one left out
    const replies: ({ sector: number; value: number } | 'flush')[] = [];
    for (let i = 0; i < 400; i++) {
      if (i % 16 === 15) {
        qemuIo('flush');
        replies.push('flush');
      } else {
        const sent = { sector: random.below(SECTORS), value: 1 + random.below(255) };
        qemuIo(`write -P ${sent.value} ${sent.sector * 512} 512`);
        replies.push(sent);
      }
    }
    let lines = -2;
    for await (const _line of createInterface({ input: child.stdout })) {
      lines += 1;
      if (lines === 250) child.kill('SIGKILL');
    }
    await gone;
    // what was on its way when it was killed may have arrived
    for (const [index, reply] of replies.entries()) {
      if (reply !== 'flush') expected.sent(reply.sector, reply.value);
      else if (index < lines) expected.flushed();
    }
    const file = await openFile(path);
    const { image } = await openImage(file);
    await expected.check(image);
    await image.close();
    await file.close();
    expectNoCorruption();
  });
});
