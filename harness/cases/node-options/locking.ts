/** Locks on files that two nodes of one endpoint open, and what gives them up. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, makeEmpty, release } from '../helpers/backing-chains.ts';
import { checkAbsent, makeFile, nodeInfo } from '../helpers/shared-setup.ts';

/** A qcow2 node over a file opened with these options: it writes, and shares that with nobody. */
const writer = (t: CaseContext, filename: string, options: JsonObject = {}) => ({
  driver: 'qcow2',
  'node-name': t.name('writer'),
  file: { driver: 'file', filename, ...options },
});

export const locking: readonly CaseDefinition[] = [
  {
    id: 'file/locking-on',
    title:
      'With locking on, auto and none given a second writer of a file is refused until the first has gone',
    requirements: ['file/locking-on', 'file/locking-default'],
    needs: chainNodes,
    async run(t: CaseContext) {
      for (const options of [{ locking: 'on' }, { locking: 'auto' }, {}]) {
        const { path } = await makeEmpty(t);
        const [first, second] = [writer(t, path, options), writer(t, path, options)];
        await t.execute('blockdev-add', first);
        await t.refused('blockdev-add', second, { text: /lock/ });
        await checkAbsent(t, second['node-name']);
        await release(t, [first['node-name']]);
        await t.execute('blockdev-add', second);
      }
    },
  },
  {
    id: 'file/locking-off',
    title: 'With locking off a file is opened by a second writer, whether or not the first one locks it',
    requirements: ['file/locking-off'],
    needs: chainNodes,
    async run(t: CaseContext) {
      for (const first of [{ locking: 'on' }, { locking: 'off' }]) {
        const { path } = await makeEmpty(t);
        await t.execute('blockdev-add', writer(t, path, first));
        const second = writer(t, path, { locking: 'off' });
        await t.execute('blockdev-add', second);
        t.contains(await nodeInfo(t, second['node-name']), { drv: 'qcow2' }, 'the second node must be there');
      }
    },
  },
  {
    id: 'node-options/force-share-against-a-lock',
    title: 'Beside a writer that shares with nobody a reader is refused, and with force-share it is taken',
    requirements: ['blockdev-add/force-share'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      await addQcow2(t, file);
      const reader = { ...writer(t, file.path), 'read-only': true };
      await t.refused('blockdev-add', reader, { text: /lock/ });
      await t.execute('blockdev-add', { ...reader, 'force-share': true });
      t.contains(
        await nodeInfo(t, reader['node-name']),
        { ro: true },
        'the reader must be there, and read-only',
      );
    },
  },
  {
    id: 'node-options/readers-share',
    title: 'Two read-only nodes open the same file without force-share, and no writer comes in between',
    requirements: ['file/locking-on'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      for (const _ of [1, 2]) await addQcow2(t, file, { 'read-only': true });
      await t.refused('blockdev-add', writer(t, file.path), { text: /lock/ });
      await t.execute('blockdev-add', writer(t, (await makeEmpty(t)).path));
    },
  },
  {
    id: 'node-options/read-only-file',
    title:
      'A node of a driver that can only read is refused without read-only, or read-only all the same, and taken with it',
    requirements: ['blockdev-add/read-only-driver'],
    needs: { ...chainNodes, drivers: ['cloop'] },
    async run(t: CaseContext) {
      // Two blocks of 64 KiB would follow; none do.
      const header = Buffer.alloc(128 + 8 + 8);
      header.writeUInt32BE(64 * 1024, 128);
      header.writeUInt32BE(0, 132);
      header.writeBigUInt64BE(144n, 136);
      const { path } = await makeFile(t, Buffer.concat([header, Buffer.alloc(512)]));
      const node = {
        driver: 'cloop',
        'node-name': t.name('cloop'),
        file: { driver: 'file', filename: path },
      };
      const reply = await t.request({ execute: 'blockdev-add', arguments: node });
      if (reply.error === undefined) {
        t.contains(await nodeInfo(t, node['node-name']), { ro: true }, 'the node must be read-only');
        await t.execute('blockdev-del', { 'node-name': node['node-name'] });
      }
      await t.execute('blockdev-add', { ...node, 'read-only': true });
      t.contains(await nodeInfo(t, node['node-name']), { ro: true }, 'the node must be read-only');
    },
  },
];
