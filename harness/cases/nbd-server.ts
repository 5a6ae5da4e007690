/** nbd-server-start, -add, -remove and -stop, with a client that reads and writes. */
import { join } from 'node:path';
import type { CaseContext, CaseDefinition, ExportClient } from './case.ts';
import { addImage, CHAIN_SIZE, CLUSTER, guestContent, release, stairs } from './helpers/backing-chains.ts';
import { addNode, type CaseFile, dataNodes, fileNodes, needs } from './helpers/shared-setup.ts';

const server = { commands: ['nbd-server-start', 'nbd-server-add', 'nbd-server-remove', 'nbd-server-stop'] };
const exported = needs(fileNodes, server);
const onData = needs(dataNodes, { ...server, capabilities: ['sharedFiles'] });

const address = (socket: CaseFile) => ({ addr: { type: 'unix', data: { path: socket.path } } });

/** Starts the server on a socket in the scratch directory. */
async function start(t: CaseContext): Promise<CaseFile> {
  const name = t.name('nbd');
  const socket = { path: `${t.dir}/${name}`, local: join(t.scratch, name) };
  t.equal(
    await t.execute('nbd-server-start', address(socket)),
    {},
    'nbd-server-start must return an empty object',
  );
  return socket;
}

interface Visit {
  /** Bytes of the export. */
  readonly size: number;
  readonly readOnly: boolean;
  readonly data: Buffer;
  readonly written: boolean;
}

/** Reads the whole export, and tries a write; that the server does not serve it fails the case. */
async function client(t: CaseContext, socket: CaseFile, name: string): Promise<Visit> {
  try {
    return await visit(await t.exportClient(socket.local, name));
  } catch (error) {
    return t.fail('the server must serve a client', `it does not: ${(error as Error).message}`);
  }
}

async function visit(guest: ExportClient): Promise<Visit> {
  try {
    const data = await guest.read(0, CHAIN_SIZE);
    const written = await guest.write(0, Buffer.alloc(CLUSTER, 0x77));
    return { size: guest.size, readOnly: guest.readOnly, data, written };
  } finally {
    guest.close();
  }
}

/** Whether the server has an export of that name. */
function serves(t: CaseContext, socket: CaseFile, name: string): Promise<boolean> {
  return t.exportClient(socket.local, name).then(
    (guest) => {
      guest.close();
      return true;
    },
    () => false,
  );
}

export const nbdServerCases: readonly CaseDefinition[] = [
  {
    id: 'nbd-server/read',
    title: 'A client reads the whole chain of an exported node, and cannot write it by default',
    requirements: ['nbd-server-start/serves', 'nbd-server-add/writable'],
    needs: exported,
    async run(t: CaseContext) {
      const { node, file, nodes } = await addImage(t, 3);
      const socket = await start(t);
      await t.execute('nbd-server-add', { device: node });
      const got = await client(t, socket, node);
      t.equal(got.size, CHAIN_SIZE, 'the export must be as long as its node');
      t.check(got.readOnly, 'an export must be read-only by default', 'it is writable');
      t.check(
        got.data.equals(stairs(3)),
        'the export must have the bytes of the whole chain',
        'it has others',
      );
      t.check(!got.written, 'a write to a read-only export must be refused', 'it was accepted');
      await t.execute('nbd-server-stop');
      await release(t, nodes);
      t.check(
        (await guestContent(t, file.local)).equals(stairs(3)),
        'the image must stay as it was',
        'it changed',
      );
    },
  },
  {
    id: 'nbd-server/write',
    title: 'What a client writes to a writable export is in the image',
    requirements: ['nbd-server-add/writable', 'nbd-server-start/serves'],
    needs: exported,
    async run(t: CaseContext) {
      const { node, file } = await addImage(t);
      const socket = await start(t);
      await t.execute('nbd-server-add', { device: node, writable: true });
      const got = await client(t, socket, node);
      t.check(
        !got.readOnly && got.written,
        'a write to a writable export must be accepted',
        `${got.readOnly ? 'the export is read-only' : 'it was refused'}`,
      );
      await t.execute('nbd-server-stop');
      await release(t, [node]);
      const expected = stairs(1).fill(0x77, 0, CLUSTER);
      t.check(
        (await guestContent(t, file.local)).equals(expected),
        'the image must hold what the client wrote',
        'it holds something else',
      );
    },
  },
  {
    id: 'nbd-server/remove',
    title: 'A removed export is gone and its node free; one that is not there is refused',
    requirements: ['nbd-server-remove/removes', 'nbd-server-add/name-taken'],
    needs: { ...onData, members: ['nbd-server-add.name'] },
    async run(t: CaseContext) {
      const node = await addNode(t);
      await start(t);
      for (const name of ['other', 'disk']) await t.execute('nbd-server-add', { device: node, name });
      await t.refused('nbd-server-add', { device: node, name: 'disk' });
      await t.refused('nbd-server-remove', { name: 'nothing' });
      await t.refused('blockdev-del', { 'node-name': node }, { text: /in use/ });
      await t.execute('nbd-server-remove', { name: 'other' });
      await t.refused('blockdev-del', { 'node-name': node }, { text: /in use/ });
      t.equal(
        await t.execute('nbd-server-remove', { name: 'disk' }),
        {},
        'nbd-server-remove must return an empty object',
      );
      await t.refused('nbd-server-remove', { name: 'disk' });
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'nbd-server/once',
    title: 'There is one server at a time; stopping it takes the exports away, and another can be started',
    requirements: ['nbd-server-start/once', 'nbd-server-stop/stops', 'nbd-server-add/needs-server'],
    needs: onData,
    async run(t: CaseContext) {
      const node = await addNode(t);
      await t.refused('nbd-server-add', { device: node }, { text: /server not running/ });
      const socket = await start(t);
      await t.refused('nbd-server-start', address(socket), { text: /already running/ });
      await t.execute('nbd-server-add', { device: node });
      t.equal(await t.execute('nbd-server-stop'), {}, 'nbd-server-stop must return an empty object');
      await t.refused('nbd-server-add', { device: node }, { text: /server not running/ });
      await t.execute('blockdev-del', { 'node-name': node });
      await start(t);
    },
  },
  {
    id: 'nbd-server/again',
    title: 'A server that is started anew has none of the exports of the one before, and is stopped like it',
    requirements: ['nbd-server-stop/stops', 'nbd-server-add/needs-server', 'nbd-server-remove/removes'],
    needs: onData,
    async run(t: CaseContext) {
      const nodes = [await addNode(t), await addNode(t), await addNode(t)];
      for (let round = 0; round < 3; round += 1) {
        const socket = await start(t);
        for (const name of nodes) {
          await t.refused('nbd-server-remove', { name });
          const served = await serves(t, socket, name);
          t.check(!served, 'a new server must not serve exports of the one before', `it serves ${name}`);
        }
        for (const device of nodes) {
          await t.execute('nbd-server-add', { device });
          t.check(await serves(t, socket, device), 'the server must serve its exports', 'it does not');
        }
        await t.execute('nbd-server-stop');
        await t.refused('nbd-server-stop', undefined);
        await t.refused('nbd-server-add', { device: nodes[0]! });
        await t.refused('nbd-server-remove', { name: nodes[0]! });
      }
      for (const node of nodes) await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'nbd-server/refused',
    title: 'Unknown nodes, and writing to a read-only one, are refused',
    requirements: ['nbd-server-add/node-unknown', 'nbd-server-add/writable'],
    needs: onData,
    async run(t: CaseContext) {
      const device = await addNode(t, { 'read-only': true });
      await start(t);
      await t.refused('nbd-server-add', { device: t.name('nothing') });
      const { error } = await t.request({
        execute: 'nbd-server-add',
        arguments: { device, writable: true },
      });
      if (error === undefined) t.info('nbd-server-add/writable: a read-only node is exported read-only');
    },
  },
];
