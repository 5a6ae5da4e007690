/** What an export keeps others from, what others keep it from, and what keeps it from going: its clients. */
import type { CaseContext, CaseDefinition, ExportClient } from './case.ts';
import { addQcow2, chainNodes, makeEmpty, release } from './helpers/backing-chains.ts';
import { attempt, connectTo, nodeBytes, openIo, startNbdServer } from './helpers/node-io.ts';
import { addNode, type CaseFile, checkAbsent, dataNodes, KiB, needs } from './helpers/shared-setup.ts';

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

const users = needs(chainNodes, nodeBytes);

/** A file in a node of its own. */
async function addFile(t: CaseContext): Promise<{ below: string; file: CaseFile }> {
  const file = await makeEmpty(t);
  const below = t.name('file');
  await t.execute('blockdev-add', { driver: 'file', 'node-name': below, filename: file.path });
  return { below, file };
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
    id: 'node-users/format-above',
    title:
      'Below a format, though it only reads, nobody else may write; reading is let, and writing once it is gone',
    requirements: ['blockdev-add/users-agree'],
    needs: users,
    async run(t: CaseContext) {
      const { below, file } = await addFile(t);
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
      const { below } = await addFile(t);
      const format = { driver: 'qcow2', 'node-name': t.name('format'), file: below, 'read-only': true };
      const writer = await openIo(t, below);
      await t.refused('blockdev-add', format);
      await checkAbsent(t, format['node-name']);
      await writer.close();
      await t.execute('blockdev-add', format);
    },
  },
];
