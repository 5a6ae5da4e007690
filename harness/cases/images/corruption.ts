/** BLOCK_IMAGE_CORRUPTED: qcow2 images whose tables lead where no data can be, met by a job that reads or writes them. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, readImage, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes } from '../helpers/node-io.ts';
import { buildQcow2, entryTo, refcountTableOf } from '../helpers/qcow2-image.ts';
import { addNode, addRaw, type CaseFile, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

const jobs = needs(chainNodes, {
  commands: ['blockdev-backup'],
  nodes: ['data'],
  events: ['BLOCK_IMAGE_CORRUPTED', 'BLOCK_JOB_COMPLETED'],
});

/** An image whose first guest cluster is said to be at byte `offset` of the file. */
function makeBroken(t: CaseContext, offset: number): Promise<CaseFile> {
  const entries = new Map([[0, entryTo(offset)]]);
  const clusters = new Map([[1, 0x11]]);
  return makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters, entries }));
}

/** Data of an aligned cluster begins behind the metadata, so this is in the middle of one. */
const UNALIGNED = 5 * CLUSTER + 512;

/** Copies all of `source` to `target`, which must fail, and gives what BLOCK_IMAGE_CORRUPTED told of `node`. */
async function failingCopy(
  t: CaseContext,
  node: string,
  source: string,
  target: string,
): Promise<JsonObject> {
  const id = t.name('job');
  await t.execute('blockdev-backup', { 'job-id': id, device: source, target, sync: 'full' });
  const { data } = await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node });
  const { data: end } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
  t.check(
    isJsonObject(end ?? null) && (end as JsonObject).error !== undefined,
    'a job that met corruption must end with an error',
    'BLOCK_JOB_COMPLETED has none',
  );
  t.equal(
    (data as JsonObject).device ?? null,
    '',
    'BLOCK_IMAGE_CORRUPTED must have an empty device for a node without device',
    {
      requirement: 'BLOCK_IMAGE_CORRUPTED/device',
    },
  );
  return data as JsonObject;
}

export const corruption: readonly CaseDefinition[] = [
  {
    id: 'image-corrupted/write-into-metadata',
    title:
      'A write that would hit the refcount table is stopped; the image is marked, and opens read-only from then on',
    requirements: [
      'BLOCK_IMAGE_CORRUPTED/emitted',
      'BLOCK_IMAGE_CORRUPTED/device',
      'BLOCK_IMAGE_CORRUPTED/fatal',
      'BLOCK_IMAGE_CORRUPTED/offset-and-size',
      'qcow2/corrupt-read-only',
    ],
    needs: needs(jobs, { drivers: ['raw', 'file'] }),
    async run(t: CaseContext) {
      const table = refcountTableOf(CLUSTER);
      const file = await makeBroken(t, table);
      const before = await bytesOf(t, file.local);
      const target = await addQcow2(t, file);
      const { name: source } = await addRaw(t, Buffer.alloc(CHAIN_SIZE, 0x5a));
      const { fatal, offset, size } = await failingCopy(t, target, source, target);
      t.equal(fatal ?? null, true, 'corruption met by a write must be fatal');
      t.check(
        typeof offset === 'number' && typeof size === 'number',
        'BLOCK_IMAGE_CORRUPTED must have offset and size of the access that was stopped',
        `offset is ${shown(offset)}, size is ${shown(size)}`,
        { requirement: 'BLOCK_IMAGE_CORRUPTED/offset-and-size' },
      );
      t.check(
        offset <= table && table < offset + size,
        `the access that was stopped must touch the refcount table, at ${table}`,
        `it is ${size} bytes from ${offset} on`,
        { requirement: 'BLOCK_IMAGE_CORRUPTED/offset-and-size' },
      );
      await release(t, [source, target]);
      t.check((await readImage(t, file)).corrupt, 'the header must mark the image as corrupt', 'it does not');
      const after = await bytesOf(t, file.local);
      t.check(
        after.subarray(table, table + CLUSTER).equals(before.subarray(table, table + CLUSTER)),
        'the refcount table must stay as it was',
        'it changed',
      );
      const definition = { driver: 'qcow2', file: { driver: 'file', filename: file.path } };
      await t.refused('blockdev-add', { ...definition, 'node-name': t.name('again') });
      const reader = t.name('reader');
      const options = { ...definition, 'node-name': reader, 'read-only': true };
      const { error } = await t.request({ execute: 'blockdev-add', arguments: options });
      t.check(error === undefined, 'a corrupt image should open read-only', 'it was refused', {
        severity: 'should',
        requirement: 'qcow2/corrupt-read-only',
      });
      t.contains(await nodeInfo(t, reader), { ro: true }, 'the node must be read-only as asked for');
    },
  },
  {
    id: 'image-corrupted/read-astray',
    title:
      'A table that leads into the middle of a cluster is found by a read, after which the node is out of use',
    requirements: [
      'BLOCK_IMAGE_CORRUPTED/emitted',
      'BLOCK_IMAGE_CORRUPTED/device',
      'BLOCK_IMAGE_CORRUPTED/fatal',
      'BLOCK_IMAGE_CORRUPTED/offset-and-size',
    ],
    needs: jobs,
    async run(t: CaseContext) {
      const file = await makeBroken(t, UNALIGNED);
      const source = await addQcow2(t, file);
      const target = await addNode(t, { size: CHAIN_SIZE });
      const { fatal, offset, size } = await failingCopy(t, source, source, target);
      t.equal(fatal ?? null, true, 'corruption met by a read must be fatal');
      t.check(
        offset === undefined && size === undefined,
        'no access must be told where a table showed the corruption, and no access was made',
        `offset is ${shown(offset)}, size is ${shown(size)}`,
        { requirement: 'BLOCK_IMAGE_CORRUPTED/offset-and-size' },
      );
      await release(t, [target, source]);
      t.check((await readImage(t, file)).corrupt, 'the header must mark the image as corrupt', 'it does not');
    },
  },
  {
    id: 'image-corrupted/told-once',
    title:
      'Corruption that is not fatal is told once, however often the node is read there; each node tells its own',
    requirements: ['BLOCK_IMAGE_CORRUPTED/once'],
    needs: { ...chainNodes, ...nodeBytes, events: ['BLOCK_IMAGE_CORRUPTED'] },
    async run(t: CaseContext) {
      for (const time of ['first', 'second']) {
        const node = await addQcow2(t, await makeBroken(t, UNALIGNED), { 'read-only': true });
        for (let read = 0; read < 3; read += 1) {
          const outcome = await attempt(t, node, { kind: 'read', offset: 0, length: 4096 });
          t.check(outcome !== 'done', 'a read of the broken cluster must fail', 'it succeeded');
        }
        await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node, fatal: false });
        await release(t, [node]);
        const more = t.pending().filter(({ event }) => event === 'BLOCK_IMAGE_CORRUPTED');
        t.equal(more.length, 0, `the ${time} node must tell its corruption once`);
      }
    },
  },
  {
    id: 'image-corrupted/read-only',
    title: 'On a read-only node corruption is told and not fatal; the file stays as it is',
    requirements: [
      'BLOCK_IMAGE_CORRUPTED/emitted',
      'BLOCK_IMAGE_CORRUPTED/device',
      'BLOCK_IMAGE_CORRUPTED/fatal',
    ],
    needs: jobs,
    async run(t: CaseContext) {
      const file = await makeBroken(t, UNALIGNED);
      const before = await bytesOf(t, file.local);
      const source = await addQcow2(t, file, { 'read-only': true });
      const target = await addNode(t, { size: CHAIN_SIZE });
      const { fatal } = await failingCopy(t, source, source, target);
      t.equal(fatal ?? null, false, 'corruption on a read-only node must not be fatal');
      t.contains(
        await nodeInfo(t, source),
        { drv: 'qcow2', ro: true },
        'the read-only node must still be in use',
      );
      await release(t, [target, source]);
      t.check(
        (await bytesOf(t, file.local)).equals(before),
        'the file of a read-only node must stay as it was',
        'it changed',
      );
    },
  },
  {
    id: 'image-corrupted/fatal-after-read-only',
    title: 'Corruption that was told as not fatal is told as fatal once a commit writes to the image',
    requirements: ['BLOCK_IMAGE_CORRUPTED/emitted', 'BLOCK_IMAGE_CORRUPTED/fatal'],
    needs: needs(
      { ...chainNodes, ...nodeBytes },
      { commands: ['block-commit'], events: ['BLOCK_IMAGE_CORRUPTED', 'BLOCK_JOB_COMPLETED'] },
    ),
    async run(t: CaseContext) {
      const file = await makeBroken(t, UNALIGNED);
      const base = await addQcow2(t, file, { 'read-only': true });
      const above = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[0, 0x22]]) });
      const overlay = await addQcow2(t, await makeFile(t, above), { backing: base });
      await attempt(t, base, { kind: 'read', offset: 0, length: 4096 });
      await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': base, fatal: false });
      const id = t.name('commit');
      await t.execute('block-commit', { 'job-id': id, device: overlay });
      await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': base, fatal: true });
      await t.event('BLOCK_JOB_COMPLETED', { device: id });
      await release(t, [base, overlay]);
      t.check((await readImage(t, file)).corrupt, 'the header must mark the image as corrupt', 'it does not');
    },
  },
];
