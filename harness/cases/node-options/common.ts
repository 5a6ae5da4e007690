/** Options that all drivers share: read-only, cache, detect-zeroes, discard, force-share. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
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
} from '../helpers/shared-setup.ts';

export const nodeOptions: readonly CaseDefinition[] = [
  {
    id: 'node-options/defaults',
    title: 'A node without options is writable, cached, without detect-zeroes, limits and threshold',
    requirements: [
      'blockdev-add/read-only',
      'blockdev-add/detect-zeroes',
      'blockdev-add/cache',
      'query-named-block-nodes/limits',
      'query-named-block-nodes/write-threshold',
      'query-named-block-nodes/backing-depth',
      'query-named-block-nodes/encrypted',
    ],
    needs: dataNodes,
    async run(t: CaseContext) {
      const name = await addNode(t);
      t.contains(
        await nodeInfo(t, name),
        {
          ro: false,
          encrypted: false,
          detect_zeroes: 'off',
          cache: { writeback: true, direct: false, 'no-flush': false },
          backing_file_depth: 0,
          bps: 0,
          bps_rd: 0,
          bps_wr: 0,
          iops: 0,
          iops_rd: 0,
          iops_wr: 0,
          write_threshold: 0,
        },
        'a node without options must report the defaults',
      );
    },
  },
  {
    id: 'node-options/encryption-key-missing',
    title: 'encryption_key_missing is false',
    requirements: ['query-named-block-nodes/encryption-key-missing'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const node = await nodeInfo(t, await addNode(t));
      if (!('encryption_key_missing' in node)) t.skip('the endpoint no longer reports it');
      t.equal(node.encryption_key_missing ?? null, false, 'encryption_key_missing must be false');
    },
  },
  {
    id: 'node-options/read-only',
    title: 'read-only is reported as ro, on the node and on the child defined within it',
    requirements: [
      'blockdev-add/read-only',
      'blockdev-add/children-inherit',
      'query-named-block-nodes/read-only',
    ],
    needs: needs(dataNodes, { drivers: ['raw'] }),
    async run(t: CaseContext) {
      const child = t.name('child');
      const parent = t.name('raw');
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': parent,
        'read-only': true,
        file: { ...(await dataSource(t)), 'node-name': child },
      });
      t.contains(await nodeInfo(t, parent), { ro: true }, 'the node must be read-only as asked for');
      t.contains(
        await nodeInfo(t, await addNode(t, { 'read-only': false })),
        { ro: false },
        'a node with read-only false must be writable',
      );
      const [named, above] = [await addNode(t), t.name('raw')];
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': above, 'read-only': true, file: named });
      t.contains(await nodeInfo(t, above), { ro: true }, 'a node must be read-only over one that is not');
      t.contains(await nodeInfo(t, named), { ro: false }, 'a node must stay writable below one that is not');
      t.contains(await nodeInfo(t, child), { ro: true }, 'a child defined within should inherit read-only', {
        severity: 'should',
        requirement: 'blockdev-add/children-inherit',
      });
    },
  },
  {
    id: 'node-options/read-only-not-resized',
    title: 'A read-only node cannot be resized, and its file stays as it was',
    requirements: ['blockdev-add/read-only', 'schema/refused-before-effects'],
    needs: needs(fileNodes, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const { name } = await addRaw(t, MiB, { 'read-only': true });
      await t.refused('block_resize', { 'node-name': name, size: 2 * MiB });
      t.contains(
        await nodeInfo(t, name),
        { image: { 'virtual-size': MiB } },
        'a refused resize must leave the size',
      );
    },
  },
  {
    id: 'node-options/cache',
    title: 'cache.direct and cache.no-flush show in the cache that the node reports',
    requirements: ['blockdev-add/cache', 'query-named-block-nodes/cache'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const { driver } = await dataSource(t);
      const modes: readonly JsonObject[] = [
        { direct: false },
        { 'no-flush': true },
        // Not every file system lets files be opened so.
        ...(driver === 'file' ? [] : [{ direct: true }, { direct: true, 'no-flush': true }]),
      ];
      for (const cache of modes)
        t.contains(
          await nodeInfo(t, await addNode(t, { cache })),
          { cache: { writeback: true, direct: false, 'no-flush': false, ...cache } },
          'the node must report the cache mode that it was given',
        );
    },
  },
  {
    id: 'node-options/cache-empty',
    title: 'An empty cache is as good as none',
    requirements: ['blockdev-add/cache', 'schema/optional-members'],
    needs: dataNodes,
    async run(t: CaseContext) {
      t.contains(
        await nodeInfo(t, await addNode(t, { cache: {} })),
        { cache: { writeback: true, direct: false, 'no-flush': false } },
        'a node with empty cache options must report the defaults',
      );
    },
  },
  {
    id: 'node-options/cache-inherited',
    title: 'A child defined within takes the cache mode of its parent, unless it has its own',
    requirements: ['blockdev-add/cache', 'blockdev-add/children-inherit', 'query-named-block-nodes/cache'],
    needs: needs(dataNodes, { drivers: ['raw'] }),
    async run(t: CaseContext) {
      const inherited = {
        severity: 'should',
        requirement: 'blockdev-add/children-inherit',
      } as const;
      const { driver } = await dataSource(t);
      // Not every file system lets files be opened past the cache.
      for (const mode of driver === 'file' ? ['no-flush'] : ['no-flush', 'direct'])
        for (const [own, expected, detail] of [
          [{ cache: { [mode]: false } }, false, {}],
          [{}, true, inherited],
        ] as const) {
          const child = t.name('child');
          await t.execute('blockdev-add', {
            driver: 'raw',
            'node-name': t.name('raw'),
            cache: { [mode]: true },
            file: { ...(await dataSource(t)), 'node-name': child, ...own },
          });
          t.contains(
            await nodeInfo(t, child),
            { cache: { [mode]: expected } },
            'a child defined within must have its own cache mode, and else that of its parent',
            detail,
          );
        }
    },
  },
  {
    id: 'node-options/cache-writeback',
    title: 'cache.writeback is no member: writeback belongs to the device',
    requirements: ['schema/member-unknown', 'blockdev-add/cache'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const [name, source] = [t.name('node'), await dataSource(t)];
      await t.refused(
        'blockdev-add',
        { ...source, 'node-name': name, cache: { writeback: true } },
        { text: /cache\.writeback/ },
      );
      await checkAbsent(t, name);
      await t.execute('blockdev-add', { ...source, 'node-name': name, cache: { 'no-flush': true } });
      t.contains(
        await nodeInfo(t, name),
        { cache: { writeback: true, 'no-flush': true } },
        'a member that cache has must be taken',
      );
    },
  },
  {
    id: 'node-options/detect-zeroes',
    title: 'Each mode of detect-zeroes is reported back',
    requirements: [
      'blockdev-add/detect-zeroes',
      'blockdev-add/discard',
      'query-named-block-nodes/detect-zeroes',
    ],
    needs: dataNodes,
    async run(t: CaseContext) {
      const modes: readonly JsonObject[] = [
        { 'detect-zeroes': 'off' },
        { 'detect-zeroes': 'on' },
        { 'detect-zeroes': 'on', discard: 'ignore' },
        { 'detect-zeroes': 'unmap', discard: 'unmap' },
      ];
      for (const options of modes)
        t.contains(
          await nodeInfo(t, await addNode(t, options)),
          { detect_zeroes: options['detect-zeroes']! },
          'the node must report the detect-zeroes mode that it was given',
        );
    },
  },
  {
    id: 'node-options/detect-zeroes-unmap-needs-discard',
    title: 'detect-zeroes unmap without discard unmap is refused',
    requirements: ['blockdev-add/detect-zeroes-unmap-needs-discard', 'blockdev-add/failure-leaves-nothing'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const [name, source] = [t.name('node'), await dataSource(t)];
      for (const discard of [{}, { discard: 'ignore' }])
        await t.refused(
          'blockdev-add',
          { ...source, 'node-name': name, 'detect-zeroes': 'unmap', ...discard },
          { text: /detect-zeroes.*unmap/ },
        );
      await checkAbsent(t, name);
      const wanted = { 'detect-zeroes': 'unmap', discard: 'unmap' };
      await t.execute('blockdev-add', { ...source, 'node-name': name, ...wanted });
      t.contains(await nodeInfo(t, name), { detect_zeroes: 'unmap' }, 'with discard unmap it must be taken');
    },
  },
  {
    id: 'node-options/discard-values',
    title: 'discard takes ignore and unmap, and nothing else',
    requirements: ['blockdev-add/discard', 'schema/enum-value'],
    needs: dataNodes,
    async run(t: CaseContext) {
      for (const discard of ['ignore', 'unmap']) await addNode(t, { discard });
      const source = await dataSource(t);
      for (const discard of ['off', 'on', 'Unmap', ''])
        await t.refused('blockdev-add', { ...source, 'node-name': t.name('node'), discard });
    },
  },
  {
    id: 'node-options/force-share-needs-read-only',
    title: 'force-share is refused on a writable node, and taken on a read-only one',
    requirements: ['blockdev-add/force-share-needs-read-only', 'blockdev-add/force-share'],
    needs: dataNodes,
    async run(t: CaseContext) {
      const [name, source] = [t.name('node'), await dataSource(t)];
      for (const options of [{}, { 'read-only': false }])
        await t.refused(
          'blockdev-add',
          { ...source, 'node-name': name, 'force-share': true, ...options },
          { text: /force-share/ },
        );
      await checkAbsent(t, name);
      await addNode(t, { 'force-share': true, 'read-only': true });
    },
  },
  {
    id: 'node-options/force-share-beside-a-writer',
    title: 'A file that one node writes can be opened read-only with force-share by another',
    requirements: ['blockdev-add/force-share'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const file = await makeFile(t, 64 * KiB);
      const open = { driver: 'file', filename: file.path };
      await t.execute('blockdev-add', { ...open, 'node-name': t.name('writer') });
      const reader = t.name('reader');
      await t.execute('blockdev-add', {
        ...open,
        'node-name': reader,
        'read-only': true,
        'force-share': true,
      });
      t.contains(await nodeInfo(t, reader), { ro: true }, 'the second node must be there, and read-only');
    },
  },
];
