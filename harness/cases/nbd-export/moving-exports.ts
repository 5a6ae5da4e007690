/** Exports of nodes whose place another takes, or that stand on others: what clients read, and where their writes go. */
import { deflateRawSync } from 'node:zlib';
import type { CaseContext, CaseDefinition, ExportClient } from '../case.ts';
import {
  addChain,
  addLayers,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  checkContent,
  type Layer,
  makeEmpty,
  makeLayers,
  stairs,
} from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { completed } from '../helpers/job-steps.ts';
import { connectTo, nbdExports, startNbdServer } from '../helpers/node-io.ts';
import { NbdCommand as Command, HOLE } from '../helpers/peers/nbd-numbers.ts';
import { NbdVisitor } from '../helpers/peers/nbd-visitor.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { makeFile, needs } from '../helpers/shared-setup.ts';

const exportsOf = (...commands: string[]) => needs(chainNodes, nbdExports, { commands });

/** Two exports of one node that may be written, one that may not, and one of another node, each with a client. */
async function clients(t: CaseContext, node: string, other: string): Promise<ExportClient[]> {
  const { local } = await startNbdServer(t);
  const opened: ExportClient[] = [];
  for (const [name, device, writable] of [
    ['one', node, true],
    ['two', node, true],
    ['reader', node, false],
    ['other', other, true],
  ] as const) {
    await t.execute('nbd-server-add', { device, name, writable });
    opened.push(await connectTo(t, local, name));
  }
  return opened;
}

const write = (index: number, byte: number) =>
  ({ kind: 'write', offset: index * CLUSTER, length: CLUSTER, byte }) as const;

/** Both writers write, all three read the same, and the client of the other node writes too. Gives what a guest reads then. */
async function useAll(t: CaseContext, [one, two, reader, other]: readonly ExportClient[]): Promise<Buffer> {
  const content = stairs(1);
  await t.sideAction('guest-write', async () => {
    for (const [client, index, byte] of [
      [one!, 2, 0x71],
      [two!, 9, 0x72],
      [other!, 4, 0x73],
    ] as const) {
      const outcome = await client.perform(write(index, byte));
      t.equal(outcome, 'done', 'each client must go on writing');
      if (client !== other) content.fill(byte, index * CLUSTER, (index + 1) * CLUSTER);
    }
    for (const client of [one!, two!, reader!])
      t.check(
        (await client.read(0, CHAIN_SIZE)).equals(content),
        'each client must read what all of them wrote',
        'one does not',
      );
  });
  return content;
}

async function stop(t: CaseContext, opened: readonly ExportClient[]): Promise<void> {
  for (const client of opened) client.close();
  await t.execute('nbd-server-stop');
}

/** States that the old image is as it was, and that only its own client wrote to the other one. */
async function checkOthers(t: CaseContext, old: Layer, before: Buffer, other: Layer): Promise<void> {
  t.check(
    (await bytesOf(t, old.file.local)).equals(before),
    'the old image must stay as it was',
    'it changed',
  );
  await checkContent(
    t,
    other.file,
    stairs(1).fill(0x73, 4 * CLUSTER, 5 * CLUSTER),
    'the image of the other export',
  );
}

/** Cases of exports that follow. */
/** A client of a new export of the node, which may ask where there is data. */
async function statusClient(t: CaseContext, node: string): Promise<NbdVisitor> {
  const { local } = await startNbdServer(t);
  await t.execute('nbd-server-add', { device: node, name: 'disk' });
  return NbdVisitor.enter(t, local, 'disk', { structured: true, contexts: ['base:allocation'] });
}

export const movingExports: readonly CaseDefinition[] = [
  {
    id: 'blockdev-snapshot/exports-follow',
    title:
      'After a snapshot every client of an export of the node writes to the overlay, and those of other nodes do not',
    requirements: ['blockdev-snapshot/device-follows', 'blockdev-snapshot/keeps-old'],
    needs: exportsOf('blockdev-snapshot'),
    async run(t: CaseContext) {
      const [[old], [other]] = [await addChain(t, 1), await addChain(t, 1)];
      const opened = await clients(t, old!.node, other!.node);
      const before = await bytesOf(t, old!.file.local);
      const file = await makeEmpty(t);
      const overlay = await addQcow2(t, file, { backing: null });
      await t.execute('blockdev-snapshot', { node: old!.node, overlay });
      await useAll(t, opened);
      await stop(t, opened);
      await t.execute('blockdev-del', { 'node-name': overlay });
      await checkOthers(t, old!, before, other!);
      const own = Buffer.alloc(CHAIN_SIZE).fill(0x71, 2 * CLUSTER, 3 * CLUSTER);
      own.fill(0x72, 9 * CLUSTER, 10 * CLUSTER);
      await checkContent(t, file, own, 'the overlay by itself');
    },
  },
  {
    id: 'blockdev-mirror/exports-follow',
    title: 'When a mirror has switched every client of an export of the source writes to the target',
    requirements: ['blockdev-mirror/complete-switches'],
    needs: needs(exportsOf('blockdev-mirror', 'block-job-complete', 'query-block-jobs'), {
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const [[old], [other]] = [await addChain(t, 1), await addChain(t, 1)];
      const opened = await clients(t, old!.node, other!.node);
      const file = await makeEmpty(t);
      const target = await addQcow2(t, file);
      const id = t.name('job');
      await t.execute('blockdev-mirror', { 'job-id': id, device: old!.node, target, sync: 'full' });
      await t.event('BLOCK_JOB_READY', { device: id });
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'mirror');
      const before = await bytesOf(t, old!.file.local);
      const content = await useAll(t, opened);
      await stop(t, opened);
      await t.execute('blockdev-del', { 'node-name': target });
      await checkOthers(t, old!, before, other!);
      await checkContent(t, file, content, 'the target');
    },
  },
  {
    id: 'nbd-export/status-over-a-chain',
    title:
      'The status of an export tells data wherever an image of its chain has some, and holes where none has',
    requirements: ['nbd-server-start/serves'],
    needs: exportsOf(),
    async run(t: CaseContext) {
      const shape = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const files = await makeLayers(t, [
        { ...shape, clusters: new Map([2, 3, 8].map((index) => [index, 0x11])) },
        { ...shape, clusters: new Map([4, 12].map((index) => [index, 0x22])) },
        { ...shape, clusters: new Map([3, 15].map((index) => [index, 0x33])) },
      ]);
      const top = (await addLayers(t, files)).at(-1)!.node;
      const visitor = await statusClient(t, top);
      const told: number[] = [];
      while (told.length * CLUSTER < CHAIN_SIZE) {
        const offset = told.length * CLUSTER;
        const [chunk] = await visitor.chunks({ type: Command.status, offset, length: CHAIN_SIZE - offset });
        const { body } = chunk!;
        t.check(body.length >= 12, 'the status must tell of some extent', 'it does not');
        for (let at = 4; at < body.length; at += 8)
          for (let left = body.readUInt32BE(at); left > 0; left -= CLUSTER)
            told.push(body.readUInt32BE(at + 4));
      }
      t.equal(
        told,
        Array.from(told, (_, index) => ([2, 3, 4, 8, 12, 15].includes(index) ? 0 : HOLE)),
        'each cluster must be told as data, or as a hole that reads as zeroes',
      );
    },
  },
  {
    id: 'nbd-export/status-of-compressed',
    title: 'The status of an export tells compressed clusters of an image as data, one after another',
    requirements: ['nbd-server-start/serves'],
    needs: exportsOf(),
    async run(t: CaseContext) {
      const stream = deflateRawSync(Buffer.alloc(CLUSTER, 0x44));
      const compressed = new Map([1, 2].map((index) => [index, stream]));
      const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, compressed });
      const node = await addQcow2(t, await makeFile(t, image));
      const visitor = await statusClient(t, node);
      for (const [index, state] of [HOLE, 0, 0, HOLE].entries()) {
        const request = { type: Command.status, offset: index * CLUSTER, length: CLUSTER };
        const [chunk] = await visitor.chunks(request);
        t.equal(chunk!.body.readUInt32BE(8), state, 'just a compressed cluster must be told as data');
      }
    },
  },
  {
    id: 'nbd-export/status-of-a-void',
    title:
      'The status of an export of a driver that keeps nothing is a hole, of which no content is promised',
    requirements: ['nbd-server-start/serves'],
    needs: needs(exportsOf(), { drivers: ['null-co'] }),
    async run(t: CaseContext) {
      const node = t.name('void');
      await t.execute('blockdev-add', { driver: 'null-co', 'node-name': node, size: CHAIN_SIZE });
      const visitor = await statusClient(t, node);
      const [chunk] = await visitor.chunks({ type: Command.status, offset: 0, length: CHAIN_SIZE });
      t.equal(
        [chunk!.body.readUInt32BE(4), chunk!.body.readUInt32BE(8)],
        [CHAIN_SIZE, 1],
        'all of it must be told as one hole, and not as zeroes',
      );
    },
  },
];
