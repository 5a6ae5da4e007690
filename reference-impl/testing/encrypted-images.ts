import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { AnyDriver, DriverState } from '../drivers/driver.ts';
import { luks } from '../drivers/luks.ts';
import { HostWork } from '../host/host-work.ts';
import { run } from './external-programs.ts';
import { type FileChild, openFile, SECRET } from './qcow2-fixture.ts';
import { ManualClock } from './test-services.ts';

/** Bytes that a guest sees. */
export const SIZE = 1 << 20;

/** Options that tell qemu's programs the passphrase. */
export const withSecret = ['--object', `secret,id=sec0,data=${SECRET}`];

export const ciphers: readonly { name: string; options: JsonObject }[] = [
  { name: 'aes-256 xts plain64', options: {} },
  { name: 'aes-128 xts plain', options: { 'cipher-alg': 'aes-128', 'ivgen-alg': 'plain' } },
  {
    name: 'aes-256 cbc essiv',
    options: { 'cipher-mode': 'cbc', 'ivgen-alg': 'essiv', 'ivgen-hash-alg': 'sha256' },
  },
  {
    name: 'aes-128 cbc plain64, sha512',
    options: { 'cipher-alg': 'aes-128', 'cipher-mode': 'cbc', 'hash-alg': 'sha512' },
  },
  { name: 'serpent-256 xts plain64, sha512', options: { 'cipher-alg': 'serpent-256', 'hash-alg': 'sha512' } },
  {
    name: 'twofish-128 ctr plain, sha1',
    options: { 'cipher-alg': 'twofish-128', 'cipher-mode': 'ctr', 'ivgen-alg': 'plain', 'hash-alg': 'sha1' },
  },
  {
    name: 'cast5-128 cbc essiv, ripemd160',
    options: {
      'cipher-alg': 'cast5-128',
      'cipher-mode': 'cbc',
      'ivgen-alg': 'essiv',
      'ivgen-hash-alg': 'md5',
      'hash-alg': 'ripemd160',
    },
  },
];

/** Every cipher in every mode; generators of vectors and hashes take turns. */
export const allCiphers: typeof ciphers = [
  ...['aes', 'serpent', 'twofish'].flatMap((name) => ['128', '192', '256'].map((bits) => `${name}-${bits}`)),
  'cast5-128',
].flatMap((algorithm, row) =>
  (['xts', 'cbc', 'ecb', 'ctr'] as const).flatMap((mode, column) => {
    // qemu-img takes no key material that is no whole number of sectors; XTS wants blocks of 16 bytes.
    if (mode !== 'xts' ? algorithm.endsWith('192') : algorithm === 'cast5-128') return [];
    const vector = (['plain64', 'essiv', 'plain'] as const)[(row + column) % 3]!;
    const hash = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'ripemd160'][
      (row * 4 + column) % 7
    ]!;
    return {
      name: `${algorithm} ${mode} ${vector}, ${hash}`,
      options: {
        'cipher-alg': algorithm,
        'cipher-mode': mode,
        'ivgen-alg': vector,
        'hash-alg': hash,
        ...(vector === 'essiv' ? { 'ivgen-hash-alg': row % 2 || row === 9 ? 'md5' : 'sha256' } : {}),
      },
    };
  }),
);

export function qemuIo(image: string, ...commands: string[]): Promise<string> {
  return run(
    'qemu-io',
    ...withSecret,
    ...commands.flatMap((command) => ['-c', command]),
    '--image-opts',
    image,
  );
}

export async function expectBytes(state: DriverState, from: number, to: number, byte: number): Promise<void> {
  const bytes = new Uint8Array(to - from);
  await state.read(from, bytes);
  expect(bytes.every((found) => found === byte)).toBe(true);
}

/** Images in a folder of its own, opened by drivers without a graph. */
export class EncryptedImages {
  readonly folder = mkdtempSync(join(tmpdir(), 'qmpcheck-luks-'));
  readonly #files: FileChild[] = [];

  async child(path: string): Promise<FileChild> {
    const file = await openFile(path);
    this.#files.push(file);
    return file;
  }

  async open(driver: Pick<AnyDriver, 'open'>, path: string, options: JsonObject): Promise<DriverState> {
    const file = await this.child(path);
    return driver.open({
      ...({} as Parameters<AnyDriver['open']>[0]),
      options,
      readOnly: false,
      direct: false,
      child: () => Promise.resolve(file),
      backing: () => undefined,
      secret: (id) => Buffer.from(id === 'sec0' ? SECRET : 'wrong'),
      corrupted: ({ msg }) => expect.unreachable(msg),
      clock: new ManualClock(),
      hostWork: new HostWork(),
      cwd: this.folder,
    });
  }

  /** Makes a LUKS volume. Takes seconds of CPU time, in which qemu-img chooses the cost of a key. */
  async makeWithQemuImg(name: string, options: JsonObject): Promise<string> {
    const path = join(this.folder, name);
    const more = Object.entries(options).map(([key, value]) => `,${key}=${value}`);
    const given = `key-secret=sec0,iter-time=10${more.join('')}`;
    await run('qemu-img', 'create', '-q', ...withSecret, '-f', 'luks', '-o', given, path, '1M');
    return path;
  }

  /** What qemu-io writes to a volume that qemu-img made we read, and the other way round. */
  async expectSharedWithQemu(options: JsonObject): Promise<void> {
    const path = await this.makeWithQemuImg('theirs.luks', options);
    const image = `driver=luks,key-secret=sec0,file.filename=${path}`;
    await qemuIo(image, 'write -P 0x33 1k 100k');
    const state = await this.open(luks, path, { 'key-secret': 'sec0' });
    expect(state.length()).toBe(SIZE);
    await expectBytes(state, 1024, 1024 + 102400, 0x33);
    await state.write(2048, new Uint8Array(1024).fill(0x44));
    await state.close();
    expect(await qemuIo(image, 'read -P 0x33 1k 1k', 'read -P 0x44 2k 1k', 'read -P 0x33 3k 1k')).not.toMatch(
      /failed/i,
    );
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close();
    await rm(this.folder, { recursive: true });
  }
}
