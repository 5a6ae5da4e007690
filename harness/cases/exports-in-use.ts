/** What an export keeps others from, what others keep it from, and what keeps it from going: its clients. */
import type { CaseContext, CaseDefinition, ExportClient } from './case.ts';
import { addQcow2, chainNodes, makeEmpty, release } from './helpers/backing-chains.ts';
import { attempt, connectTo, nodeBytes, openIo, startNbdServer } from './helpers/node-io.ts';
import { NbdCommand } from './helpers/peers/nbd-numbers.ts';
import { NbdVisitor } from './helpers/peers/nbd-visitor.ts';
import {
  addNode,
  type CaseFile,
  checkAbsent,
  dataNodes,
  KiB,
  makeFile,
  needs,
} from './helpers/shared-setup.ts';
import { addAbove, addGroup, throttleNodes } from './helpers/throttling.ts';

const SIZE = 64 * KiB;

/** A client of export `name` of a server with two exports of a node that holds data: the other one is called `idle`. */
async function clientOf(t: CaseContext, name: string): Promise<{ node: string; client: ExportClient }> {
  const node = await addNode(t, { size: SIZE });
  const { local } = await startNbdServer(t);
  for (const each of [name, 'idle']) await t.execute('nbd-server-add', { device: node, name: each });
  return { node, client: await connectTo(t, local, name) };
}

async function serves(client: ExportClient): Promise<boolean> {
  return client.read(0, 512).then(
    (data) => data.length === 512,
    () => false,
  );
}

const modes = needs(dataNodes, {
  commands: ['nbd-server-start', 'nbd-server-add', 'nbd-server-remove', 'nbd-server-stop'],
  members: ['nbd-server-remove.mode'],
  capabilities: ['sharedFiles'],
});

/** Bytes that pass at once, bytes a second, and the milliseconds that what follows is then held back, about. */
const PASSING = 512 * KiB;
const RATE = 1024 * KiB;
const HELD = 400;
const MOST_TRIES = 100;

const users = needs(chainNodes, nodeBytes);

/** Adds a file as a node of its own, and gives its name. */
async function addFile(t: CaseContext, { path: filename }: CaseFile): Promise<string> {
  const node = t.name('file');
  await t.execute('blockdev-add', { driver: 'file', 'node-name': node, filename });
  return node;
}

export const exportsInUse: readonly CaseDefinition[] = [
  {
    id: 'nbd-server-remove/safe',
    title: 'With mode safe, and without mode, an export with a client stays and serves; one without goes',
    requirements: ['nbd-server-remove/safe', 'nbd-server-remove/mode-default'],
    needs: modes,
    async run(t: CaseContext) {
      const { node, client } = await clientOf(t, 'busy');
      for (const mode of [{}, { mode: 'safe' }]) {
        await t.refused('nbd-server-remove', { name: 'busy', ...mode });
        t.check(await serves(client), 'an export that stays must serve its client', 'it does not');
        await t.execute('nbd-server-remove', { name: 'idle', ...mode });
        await t.execute('nbd-server-add', { device: node, name: 'idle' });
      }
    },
  },
  {
    id: 'nbd-server-remove/hard',
    title: 'With mode hard an export with a client goes, and the client with it; the node is free',
    requirements: ['nbd-server-remove/hard', 'nbd-server-remove/removes'],
    needs: modes,
    async run(t: CaseContext) {
      const { node, client } = await clientOf(t, 'busy');
      t.check(await serves(client), 'an export must serve its client', 'it does not');
      await t.execute('nbd-server-remove', { name: 'busy', mode: 'hard' });
      t.check(!(await serves(client)), 'the client must be let go of', 'it is served');
      await t.refused('nbd-server-remove', { name: 'busy', mode: 'hard' });
      await t.execute('nbd-server-remove', { name: 'idle' });
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'nbd-server-remove/owed-work',
    title:
      'An export stays in use while a write is held back whose client has left, and goes once it is done',
    requirements: ['nbd-server-remove/safe'],
    needs: needs(modes, users, throttleNodes),
    async run(t: CaseContext) {
      const below = await addFile(t, await makeFile(t, 2 * PASSING));
      const node = await addAbove(t, await addGroup(t, { 'bps-write': RATE }), below);
      const { local } = await startNbdServer(t);
      const give = { device: node, name: t.name('busy'), writable: true };
      const remove = { execute: 'nbd-server-remove', arguments: { name: give.name, mode: 'safe' } };
      await t.execute('nbd-server-add', give);
      const visitor = await NbdVisitor.enter(t, local, give.name);
      const passing = { type: NbdCommand.write, length: PASSING, data: Buffer.alloc(PASSING, 1) };
      t.equal((await visitor.request(passing)).error, 0, 'a write that nothing holds back must succeed');
      let isStaying = true;
      const took = await t.timed(async () => {
        visitor.begin({ type: NbdCommand.write, length: 512, data: Buffer.alloc(512, 2) });
        visitor.begin({ type: NbdCommand.disconnect });
        await t.roundTrip();
        isStaying = 'error' in (await t.request(remove));
      });
      t.check(
        isStaying || (!t.virtualTime && took > HELD / 2),
        'an export must stay while it owes a write',
        'it goes',
      );
      for (let tries = 0; isStaying && tries < MOST_TRIES; tries += 1) {
        await t.elapse(HELD / 10);
        isStaying = 'error' in (await t.request(remove));
      }
      t.check(!isStaying, 'an export must go once it owes nothing', 'it stays');
      await t.execute('nbd-server-add', give);
      const next = await connectTo(t, local, give.name);
      t.equal((await next.read(0, 1024))[0]!, 2, 'what was held back must have been written');
      next.close();
    },
  },
  {
    id: 'node-users/format-above',
    title:
      'Below a format, though it only reads, nobody else may write; reading is let, and writing once it is gone',
    requirements: ['blockdev-add/users-agree'],
    needs: users,
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const below = await addFile(t, file);
      const format = await addQcow2(t, file, { file: below, 'read-only': true });
      // of the image's tables, and as it is: the image stays sound
      const write = { kind: 'write', offset: SIZE, length: 512, byte: 0 } as const;
      t.equal(await attempt(t, below, write), 'no-access', 'a writer below a format must be refused');
      const read = { kind: 'read', offset: 0, length: 512 } as const;
      t.equal(await attempt(t, below, read), 'done', 'a reader below a format must be let in');
      await release(t, [format]);
      t.equal(await attempt(t, below, write), 'done', 'a writer must be let in once the format is gone');
    },
  },
  {
    id: 'node-users/writer-below',
    title: 'A format is refused over a file that somebody writes, though it only reads, and taken afterwards',
    requirements: ['blockdev-add/users-agree', 'blockdev-add/failure-leaves-nothing'],
    needs: users,
    async run(t: CaseContext) {
      const below = await addFile(t, await makeEmpty(t));
      const format = { driver: 'qcow2', 'node-name': t.name('format'), file: below, 'read-only': true };
      const writer = await openIo(t, below);
      await t.refused('blockdev-add', format);
      await checkAbsent(t, format['node-name']);
      await writer.close();
      await t.execute('blockdev-add', format);
    },
  },
];
