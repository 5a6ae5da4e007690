/** Encrypted images, made by us and read by qemu-io, and the other way round; the `luks` driver likewise. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { HostWork } from '../../host/host-work.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { run } from '../../testing/external-programs.ts';
import { type FileChild, make, openFile, SECRET, withoutTools } from '../../testing/qcow2-fixture.ts';
import { ManualClock } from '../../testing/test-services.ts';
import type { AnyDriver, DriverState } from '../driver.ts';
import { luks } from '../luks.ts';
import { qcow2 } from './index.ts';

const SIZE = 1 << 20;
const ciphers: readonly { name: string; options: JsonObject }[] = [
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
];

let folder: string;
let files: FileChild[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-luks-'));
  files = [];
});

afterEach(async () => {
  for (const file of files) await file.close();
  await rm(folder, { recursive: true });
});

async function child(path: string): Promise<FileChild> {
  const file = await openFile(path);
  files.push(file);
  return file;
}

async function open(
  driver: Pick<AnyDriver, 'open'>,
  path: string,
  options: JsonObject,
): Promise<DriverState> {
  const file = await child(path);
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
    cwd: folder,
  });
}

const withSecret = ['--object', `secret,id=sec0,data=${SECRET}`];
const qemuIo = (image: string, ...commands: string[]) =>
  run('qemu-io', ...withSecret, ...commands.flatMap((command) => ['-c', command]), '--image-opts', image);

async function makeWithQemuImg(path: string, options: string): Promise<void> {
  const given = `key-secret=sec0,iter-time=10${options}`;
  await run('qemu-img', 'create', '-q', ...withSecret, '-f', 'luks', '-o', given, path, '1M');
}

const key = { encrypt: { format: 'luks', 'key-secret': 'sec0' } };

async function expectBytes(state: DriverState, from: number, to: number, byte: number): Promise<void> {
  const bytes = new Uint8Array(to - from);
  await state.read(from, bytes);
  expect(bytes.every((found) => found === byte)).toBe(true);
}

describe.skipIf(withoutTools !== undefined)(
  `encrypted images and tools of the host${withoutTools ? `: ${withoutTools}` : ''}`,
  () => {
    test.each(ciphers)('qcow2 with $name: what we make and write, qemu-io reads', async ({ options }) => {
      const path = join(folder, 'ours.qcow2');
      await writeFile(path, '');
      const encrypt = { format: 'luks', 'key-secret': 'sec0', 'iter-time': 1, ...options } as const;
      await make(await child(path), { size: SIZE, 'cluster-size': 4096, encrypt });
      const state = await open(qcow2, path, key);
      await state.write(512, new Uint8Array(9 * 4096).fill(0x5a));
      await state.close();
      const read = await qemuIo(
        `driver=qcow2,encrypt.format=luks,encrypt.key-secret=sec0,file.filename=${path}`,
        'read -P 0 0 512',
        'read -P 0x5a 512 36864',
        'read -P 0 37376 100k',
        'write -P 0x77 64k 64k',
      );
      expect(read).not.toMatch(/failed/i);
      expect(
        await run(
          'qemu-img',
          'check',
          ...withSecret,
          '--image-opts',
          `driver=qcow2,encrypt.key-secret=sec0,file.filename=${path}`,
        ),
      ).toMatch(/No errors/);
      const again = await open(qcow2, path, key);
      await expectBytes(again, 65536, 131072, 0x77);
      await expectBytes(again, 512, 512 + 9 * 4096, 0x5a);
      await again.close();
    });

    test.each(ciphers)('luks with $name: made by qemu-img, written by both', async ({ options }) => {
      const path = join(folder, 'theirs.luks');
      const given = Object.entries(options).map(([name, value]) => `,${name}=${value}`);
      await makeWithQemuImg(path, given.join(''));
      const image = `driver=luks,key-secret=sec0,file.filename=${path}`;
      await qemuIo(image, 'write -P 0x33 1k 100k');
      const state = await open(luks, path, { 'key-secret': 'sec0' });
      expect(state.length()).toBe(SIZE);
      await expectBytes(state, 1024, 1024 + 102400, 0x33);
      await state.write(2048, new Uint8Array(1024).fill(0x44));
      await state.close();
      expect(
        await qemuIo(image, 'read -P 0x33 1k 1k', 'read -P 0x44 2k 1k', 'read -P 0x33 3k 1k'),
      ).not.toMatch(/failed/i);
    });

    test('a wrong passphrase, none, and another format are refused', async () => {
      const path = join(folder, 'refused.qcow2');
      await writeFile(path, '');
      await make(await child(path), {
        size: SIZE,
        encrypt: { format: 'luks', 'key-secret': 'sec0', 'iter-time': 1 },
      });
      const refused = (encrypt: JsonObject | undefined) =>
        expect(open(qcow2, path, encrypt ? { encrypt } : {})).rejects;
      await refused(undefined).toEqual(
        new CommandError("Parameter 'encrypt.key-secret' is required for cipher"),
      );
      await refused({ format: 'luks', 'key-secret': 'bad' }).toEqual(
        new CommandError('Invalid password, cannot unlock any keyslot'),
      );
      await refused({ format: 'aes', 'key-secret': 'sec0' }).toEqual(
        new CommandError("Header reported 'luks' encryption format but options specify 'aes'"),
      );
    });

    test('a cipher that Node lacks is refused by its name', async () => {
      const path = join(folder, 'serpent.luks');
      await makeWithQemuImg(path, ',cipher-alg=serpent-256');
      await expect(open(luks, path, { 'key-secret': 'sec0' })).rejects.toEqual(
        new CommandError("Algorithm 'serpent-256' not supported"),
      );
    });
  },
);
