/** The drivers null-co, null-aio and file. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { bytesOf, isFile } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import {
  addRaw,
  checkAbsent,
  fileNodes,
  KiB,
  MiB,
  makeDirectory,
  makeFile,
  needs,
  nodeCommands,
  nodeInfo,
  nodeNames,
  refusedWith,
  virtualSize,
} from '../helpers/shared-setup.ts';

const GiB = 1024 * MiB;

function nullDriver(driver: 'null-co' | 'null-aio'): readonly CaseDefinition[] {
  const driverNeeds: Needs = needs(nodeCommands, { drivers: [driver] });
  return [
    {
      id: `${driver}/size`,
      title: `${driver} has the size that was given`,
      requirements: ['null/size'],
      needs: driverNeeds,
      async run(t: CaseContext) {
        for (const size of [0, 512, MiB, 2 ** 40, 2n ** 62n]) {
          const name = t.name('null');
          await t.execute('blockdev-add', { driver, 'node-name': name, size });
          t.equal(await virtualSize(t, name), size, 'the node must have the size that it was given');
          t.contains(await nodeInfo(t, name), { drv: driver }, 'drv must be the driver that was asked for');
        }
      },
    },
    {
      id: `${driver}/size-default`,
      title: `${driver} has 1 GiB if no size is given`,
      requirements: ['null/size-default'],
      needs: driverNeeds,
      async run(t: CaseContext) {
        const name = t.name('null');
        await t.execute('blockdev-add', { driver, 'node-name': name });
        t.equal(await virtualSize(t, name), GiB, 'the size must be 1 GiB if none is given', {
          severity: 'should',
        });
      },
    },
    {
      id: `${driver}/latency`,
      title: `${driver} takes a latency, and refuses one that no int64 holds`,
      requirements: ['null/latency', 'null/latency-invalid', 'schema/uint64-takes-negative'],
      needs: driverNeeds,
      async run(t: CaseContext) {
        for (const latency of [0, 1, 10_000_000])
          await t.execute('blockdev-add', { driver, 'node-name': t.name('null'), 'latency-ns': latency });
        for (const latency of [9223372036854775808n, 18446744073709551615n, -1])
          await t.refused(
            'blockdev-add',
            { driver, 'node-name': t.name('null'), 'latency-ns': latency },
            { text: /latency-ns/ },
          );
      },
    },
    {
      id: `${driver}/latency-default`,
      title: `Requests of ${driver} take no time without a latency, nor with one of 0, and its time with another`,
      requirements: ['null/latency'],
      needs: needs(driverNeeds, nodeBytes),
      async run(t: CaseContext) {
        if (!t.virtualTime) t.skip('needs a clock that only shows the time of the endpoint');
        for (const [options, milliseconds] of [
          [{}, 0],
          [{ 'latency-ns': 0 }, 0],
          [{ 'latency-ns': 3_000_000 }, 3],
        ] as const) {
          const node = t.name('null');
          await t.execute('blockdev-add', { driver, 'node-name': node, ...options });
          const io = await openIo(t, node);
          for (const request of [
            { kind: 'read', offset: 0, length: 512 },
            { kind: 'write', offset: 0, length: 512, byte: 1 },
            { kind: 'flush' },
          ] as const) {
            const took = await t.timed(() => io.perform(request));
            t.equal(Math.round(took), milliseconds, `a ${request.kind} must take as long as latency-ns says`);
          }
          await io.close();
        }
      },
    },
  ];
}

export const nullAndFileCases: readonly CaseDefinition[] = [
  ...nullDriver('null-co'),
  ...nullDriver('null-aio'),
  {
    id: 'null-co/size-of-part-sectors',
    title: 'A size that is no multiple of 512 is rounded up to whole sectors',
    requirements: ['null/whole-sectors'],
    needs: needs(nodeCommands, { drivers: ['null-co'] }),
    async run(t: CaseContext) {
      for (const [size, rounded] of [
        [1, 512],
        [511, 512],
        [513, 1024],
      ] as const) {
        const name = t.name('null');
        await t.execute('blockdev-add', { driver: 'null-co', 'node-name': name, size });
        t.equal(
          await virtualSize(t, name),
          rounded,
          `a size of ${size} bytes should be rounded up to whole sectors`,
          { severity: 'should' },
        );
      }
    },
  },
  {
    id: 'null-co/size-negative',
    title: 'A negative size is answered, and the endpoint lives on',
    requirements: ['null/size'],
    needs: needs(nodeCommands, { drivers: ['null-co'] }),
    fresh: true,
    async run(t: CaseContext) {
      const name = t.name('null');
      const reply = await t.request({
        execute: 'blockdev-add',
        arguments: { driver: 'null-co', 'node-name': name, size: -1 },
      });
      const made = (await nodeNames(t)).includes(name);
      t.check(
        'return' in reply === made,
        'the node must exist exactly if blockdev-add was accepted',
        `blockdev-add was ${'return' in reply ? 'accepted' : 'refused'} and the node ${made ? 'exists' : 'does not exist'}`,
      );
      const fitting = t.name('null');
      await t.execute('blockdev-add', { driver: 'null-co', 'node-name': fitting, size: 512 });
      t.equal(await virtualSize(t, fitting), 512, 'a node must have the size that it was given');
    },
  },
  {
    id: 'file/filename',
    title: 'A file node reports its file and driver',
    requirements: [
      'file/filename',
      'query-named-block-nodes/image',
      'query-named-block-nodes/file-and-driver',
    ],
    needs: fileNodes,
    async run(t: CaseContext) {
      const file = await makeFile(t, 64 * KiB);
      const name = t.name('file');
      await t.execute('blockdev-add', { driver: 'file', 'node-name': name, filename: file.path });
      t.contains(
        await nodeInfo(t, name),
        {
          drv: 'file',
          file: file.path,
          image: { filename: file.path, format: 'file', 'virtual-size': 64 * KiB },
        },
        'the node must describe its driver, file and size',
      );
    },
  },
  {
    id: 'file/size',
    title: 'A file node is as long as its file, rounded up to whole sectors',
    requirements: ['file/size', 'file/whole-sectors'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const parts: [number, Json][] = [];
      for (const size of [0, 1, 511, 512, 513, 1000, 65537, MiB]) {
        const file = await makeFile(t, size);
        const name = t.name('file');
        await t.execute('blockdev-add', { driver: 'file', 'node-name': name, filename: file.path });
        const seen = await virtualSize(t, name);
        if (size % 512 === 0) t.equal(seen, size, `the node over a file of ${size} bytes must be as long`);
        else parts.push([size, seen]);
      }
      for (const [size, seen] of parts)
        t.equal(
          seen,
          Math.ceil(size / 512) * 512,
          `the node over a file of ${size} bytes should be as long, in whole sectors`,
          { severity: 'should', requirement: 'file/whole-sectors' },
        );
    },
  },
  {
    id: 'file/content-untouched',
    title: 'Opening and closing a file changes no byte of it',
    requirements: ['file/filename', 'blockdev-del/deletes'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) % 251);
      const file = await makeFile(t, content);
      const name = t.name('file');
      await t.execute('blockdev-add', { driver: 'file', 'node-name': name, filename: file.path });
      await nodeInfo(t, name);
      await t.execute('blockdev-del', { 'node-name': name });
      t.check(
        Buffer.from(content).equals(await bytesOf(t, file.local)),
        'the file must be byte for byte the same after it was opened and closed',
        'it changed',
      );
    },
  },
  {
    id: 'file/missing',
    title: 'A file that does not exist is refused, and is not made',
    requirements: ['file/missing', 'blockdev-add/failure-leaves-nothing'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const path = `${t.name('nothing')}.img`;
      const name = t.name('file');
      await t.refused(
        'blockdev-add',
        { driver: 'file', 'node-name': name, filename: `${t.dir}/${path}` },
        { text: /No such file or directory/ },
      );
      await checkAbsent(t, name);
      const made = await isFile(t, join(t.scratch, path));
      t.check(!made, 'a refused blockdev-add must not make the file', 'the file is there');
      await t.execute('blockdev-add', {
        driver: 'file',
        'node-name': name,
        filename: (await makeFile(t, MiB)).path,
      });
      await nodeInfo(t, name);
    },
  },
  {
    id: 'file/missing-below-raw',
    title: 'A raw node over a file that does not exist is refused and leaves nothing',
    requirements: ['file/missing', 'blockdev-add/failure-leaves-nothing'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const filename = `${t.dir}/${t.name('nothing')}.img`;
      await t.refused('blockdev-add', {
        driver: 'raw',
        'node-name': t.name('raw'),
        file: { driver: 'file', filename },
      });
      t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
      await nodeInfo(t, (await addRaw(t, MiB)).name);
    },
  },
  {
    id: 'file/directory',
    title: 'A directory is refused',
    requirements: ['file/not-regular'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const { path } = await makeDirectory(t);
      const name = t.name('file');
      await t.refused(
        'blockdev-add',
        { driver: 'file', 'node-name': name, filename: path },
        { text: /directory|regular file/ },
      );
      await checkAbsent(t, name);
      await t.execute('blockdev-add', {
        driver: 'file',
        'node-name': name,
        filename: (await makeFile(t, MiB)).path,
      });
      await nodeInfo(t, name);
    },
  },
  {
    id: 'file/reopened',
    title: 'A file can be opened again once its node was deleted, and shows its new size',
    requirements: ['blockdev-del/deletes', 'file/size'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const name = t.name('file');
      for (const size of [KiB, 2 * KiB, 512]) {
        const file = await makeFile(t, size);
        await t.execute('blockdev-add', { driver: 'file', 'node-name': name, filename: file.path });
        t.equal(await virtualSize(t, name), size, 'the node must be as long as its file');
        await t.execute('blockdev-del', { 'node-name': name });
      }
    },
  },
  {
    id: 'file/locking',
    title: 'locking takes on, off and auto',
    requirements: ['file/locking', 'schema/enum-value'],
    needs: needs(fileNodes, { members: ['blockdev-add.locking'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, 64 * KiB);
      const open = (locking: string): JsonObject => ({
        driver: 'file',
        'node-name': t.name('file'),
        filename: file.path,
        locking,
      });
      for (const locking of ['on', 'off', 'auto']) await t.execute('blockdev-add', open(locking));
      await t.refused('blockdev-add', open('maybe'));
    },
  },
  {
    id: 'file/aio-native-needs-direct',
    title: 'aio native without cache.direct is refused',
    requirements: ['file/aio-native-needs-direct', 'file/aio'],
    needs: needs(fileNodes, { members: ['blockdev-add.aio'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, 64 * KiB);
      const open = { driver: 'file', filename: file.path };
      await t.execute('blockdev-add', { ...open, 'node-name': t.name('file'), aio: 'threads' });
      const error = await refusedWith(
        t,
        'blockdev-add',
        { ...open, 'node-name': t.name('file'), aio: 'native' },
        ['GenericError'],
      );
      t.check(
        /cache\.direct|native/.test(String(error.desc)),
        'the refusal must name cache.direct or native',
        `it says '${String(error.desc)}'`,
        {
          severity: 'text',
        },
      );
    },
  },
  {
    id: 'file/pr-manager-unknown',
    title: 'A pr-manager that does not exist is refused',
    requirements: ['file/pr-manager-unknown', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(fileNodes, { members: ['blockdev-add.pr-manager'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, 64 * KiB);
      const name = t.name('file');
      const manager = t.name('manager');
      const options = { driver: 'file', 'node-name': name, filename: file.path };
      await t.refused('blockdev-add', { ...options, 'pr-manager': manager }, { text: new RegExp(manager) });
      await checkAbsent(t, name);
      await t.execute('blockdev-add', options);
      t.equal(
        await virtualSize(t, name),
        64 * KiB,
        'without a manager the node must have the size of its file',
      );
    },
  },
  {
    id: 'file/device-resized',
    title: 'A node over a device of the host, where there may be one, cannot grow and stays as long as it is',
    requirements: ['block_resize/size-in-bytes'],
    needs: needs(fileNodes, { commands: ['block_resize'], capabilities: ['sharedFiles'] }),
    async run(t: CaseContext) {
      const link = t.name('device');
      await symlink('/dev/null', join(t.scratch, link));
      const name = t.name('file');
      const node = { driver: 'file', 'node-name': name, filename: `${t.dir}/${link}` };
      const reply = await t.request({ execute: 'blockdev-add', arguments: node });
      if ('error' in reply) {
        await checkAbsent(t, name);
        t.skip('a node of the driver file cannot be over a device');
      }
      const resize = (size: number) => ({ 'node-name': name, size });
      await t.execute('block_resize', resize(0));
      await t.refused('block_resize', resize(512));
      t.equal(await virtualSize(t, name), 0, 'the node must be as long as the device');
    },
  },
];
