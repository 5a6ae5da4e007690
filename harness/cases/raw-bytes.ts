/** The driver raw: a window of offset and size on its data source. */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addNode,
  addRaw,
  checkAbsent,
  dataNodes,
  dataSource,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeInfo,
  nodeNames,
  virtualSize,
} from './helpers/shared-setup.ts';

const overData = needs(dataNodes, { drivers: ['raw'] });

/** blockdev-add arguments of a raw node over a child of 1 MiB. */
async function windowOf(t: CaseContext, window: JsonObject): Promise<JsonObject & { 'node-name': string }> {
  return {
    driver: 'raw',
    'node-name': t.name('raw'),
    file: await dataSource(t),
    ...window,
  };
}

async function refusedWindow(t: CaseContext, window: JsonObject, text: RegExp): Promise<void> {
  const before = await nodeNames(t);
  await t.refused('blockdev-add', await windowOf(t, window), { text });
  t.equal(await nodeNames(t), before, 'a refused blockdev-add must make no node');
}

/** The twin of a refusal: a window that differs in what was refused is taken. */
async function takenWindow(t: CaseContext, window: JsonObject): Promise<void> {
  const args = await windowOf(t, window);
  await t.execute('blockdev-add', args);
  t.check(
    (await nodeNames(t)).includes(String(args['node-name'])),
    'a window within the data source must make a node',
    'it is not listed',
  );
}

export const raw: readonly CaseDefinition[] = [
  {
    id: 'raw/whole-source',
    title: 'Without offset and size a raw node is as long as its data source',
    requirements: ['raw/file', 'raw/size-default'],
    needs: overData,
    async run(t: CaseContext) {
      for (const size of [0, 512, MiB, 2 ** 40]) {
        const child = await addNode(t, { size });
        const name = t.name('raw');
        await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: child });
        t.equal(await virtualSize(t, name), size, 'the node must be as long as its data source');
      }
    },
  },
  {
    id: 'raw/file-required',
    title: 'A raw node without a data source is refused',
    requirements: ['raw/file', 'schema/member-missing'],
    needs: overData,
    async run(t: CaseContext) {
      const name = t.name('raw');
      await t.refused('blockdev-add', { driver: 'raw', 'node-name': name }, { text: /'file'/ });
      await checkAbsent(t, name);
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: await addNode(t) });
      t.equal(await virtualSize(t, name), MiB, 'with a data source the node must be as long as that');
    },
  },
  {
    id: 'raw/offset',
    title: 'With offset alone the node reaches from there to the end of the data source',
    requirements: ['raw/offset', 'raw/size-default'],
    needs: overData,
    async run(t: CaseContext) {
      for (const offset of [0, 512, 64 * KiB, MiB]) {
        const node = await windowOf(t, { offset });
        await t.execute('blockdev-add', node);
        t.equal(
          await virtualSize(t, node['node-name']),
          MiB - offset,
          'the node must reach from its offset to the end of the data source',
        );
      }
    },
  },
  {
    id: 'raw/size',
    title: 'With size the node has that size',
    requirements: ['raw/size'],
    needs: overData,
    async run(t: CaseContext) {
      for (const size of [0, 512, 64 * KiB, MiB]) {
        const node = await windowOf(t, { size });
        await t.execute('blockdev-add', node);
        t.equal(
          await virtualSize(t, node['node-name']),
          size,
          'the node must have the size that it was given',
        );
      }
    },
  },
  {
    id: 'raw/offset-and-size',
    title: 'A window inside the data source, up to its very end, has its size',
    requirements: ['raw/offset', 'raw/size'],
    needs: overData,
    async run(t: CaseContext) {
      for (const [offset, size] of [
        [0, MiB],
        [512, 512],
        [64 * KiB, 64 * KiB],
        [MiB - 512, 512],
        [MiB, 0],
      ] as const) {
        const node = await windowOf(t, { offset, size });
        await t.execute('blockdev-add', node);
        t.equal(
          await virtualSize(t, node['node-name']),
          size,
          'a window must have the size that it was given',
        );
      }
    },
  },
  {
    id: 'raw/offset-beyond-end',
    title: 'An offset beyond the end of the data source is refused',
    requirements: ['raw/offset-beyond-end', 'blockdev-add/failure-leaves-nothing'],
    needs: overData,
    async run(t: CaseContext) {
      for (const offset of [MiB + 1, MiB + 512, 2 * MiB, 9223372036854775807n])
        await refusedWindow(t, { offset }, /[Oo]ffset/);
      await takenWindow(t, { offset: MiB - 512 });
    },
  },
  {
    id: 'raw/size-beyond-end',
    title: 'A window that reaches beyond the end of the data source is refused',
    requirements: ['raw/size-beyond-end', 'blockdev-add/failure-leaves-nothing'],
    needs: overData,
    async run(t: CaseContext) {
      for (const window of [
        { size: MiB + 512 },
        { size: 2 * MiB },
        { offset: 512, size: MiB },
        { offset: MiB, size: 512 },
        { offset: 512, size: 9223372036854775296n },
      ])
        await refusedWindow(t, window, /size/);
      await takenWindow(t, { offset: 512, size: MiB - 512 });
    },
  },
  {
    id: 'raw/window-negative',
    title: 'A negative offset or size is refused',
    requirements: ['raw/offset', 'raw/size', 'blockdev-add/failure-leaves-nothing'],
    needs: overData,
    async run(t: CaseContext) {
      await refusedWindow(t, { offset: -512 }, /offset/);
      await refusedWindow(t, { size: -512 }, /size/);
      await takenWindow(t, { offset: 512, size: 512 });
    },
  },
  {
    id: 'raw/windows-nest',
    title: 'A window on a window is held to the inner one',
    requirements: ['raw/offset', 'raw/size', 'raw/size-beyond-end'],
    needs: overData,
    async run(t: CaseContext) {
      const inner = t.name('inner');
      await t.execute('blockdev-add', {
        ...(await windowOf(t, { offset: 512, size: 4 * KiB })),
        'node-name': inner,
      });
      const outer = t.name('outer');
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': outer, file: inner, offset: KiB });
      t.equal(
        await virtualSize(t, outer),
        3 * KiB,
        'a window on a window must reach to the end of the inner one',
      );
      await t.refused('blockdev-add', {
        driver: 'raw',
        'node-name': t.name('raw'),
        file: inner,
        size: 8 * KiB,
      });
    },
  },
  {
    id: 'raw/over-a-file',
    title: 'A window on a file has its size, and leaves the file as it was',
    requirements: ['raw/offset', 'raw/size', 'query-named-block-nodes/image'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const file = await makeFile(t, 256 * KiB);
      const name = t.name('raw');
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': name,
        offset: 64 * KiB,
        size: 128 * KiB,
        file: { driver: 'file', filename: file.path },
      });
      t.contains(
        await nodeInfo(t, name),
        { drv: 'raw', image: { format: 'raw', 'virtual-size': 128 * KiB } },
        'the node must have the size of its window',
      );
    },
  },
  {
    id: 'raw/filename-of-whole-file',
    title: 'A raw node over a whole file reports the name of that file',
    requirements: ['query-named-block-nodes/image', 'raw/file'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const { name, file } = await addRaw(t, 64 * KiB);
      t.contains(
        await nodeInfo(t, name),
        { file: file.path, image: { filename: file.path } },
        'a raw node over a whole file must have the name of that file',
      );
    },
  },
];
