/** What a guest writes while a disk is copied, and after: what of it is on the copy, on the disk, and where later writes go. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, checkContent, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { CRAWL, cancelled, completed, jobInfo } from '../helpers/job-steps.ts';
import { type NodeIo, nodeIo, openIo } from '../helpers/node-io.ts';
import {
  addRaw,
  addRawOver,
  type CaseFile,
  fileNodes,
  makeFile,
  needs,
  newFile,
} from '../helpers/shared-setup.ts';
import { COPIED, COUNT, checkOwn, emptyTarget, type GuestSource, guestSource, SIZE } from './guest-source.ts';

const jobs = (...commands: string[]) =>
  needs(fileNodes, nodeIo, {
    commands: ['query-block-jobs', 'block-job-cancel', ...commands],
    events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
  });
const mirrors = (...commands: string[]) => needs(jobs(...commands), { events: ['BLOCK_JOB_READY'] });

/** A guest that goes on while a job is started, works and ends. */
class Guest {
  readonly source: GuestSource;
  readonly #io: NodeIo;

  private constructor(source: GuestSource, io: NodeIo) {
    this.source = source;
    this.#io = io;
  }

  static async of(t: CaseContext): Promise<Guest> {
    const source = await guestSource(t);
    return new Guest(source, await openIo(t, source.node));
  }

  /** Writes a cluster, or several at once. */
  async write(index: number, byte: number, clusters = 1): Promise<void> {
    const [offset, length] = [index * COPIED, clusters * COPIED];
    await this.#io.perform({ kind: 'write', offset, length, byte });
    this.source.content.fill(byte, offset, offset + length);
  }

  /** Writes the first cluster, two in the middle at once, and the last: behind the front of a job that crawls, and ahead of it. */
  async writeAround(): Promise<void> {
    for (const [index, clusters] of [
      [0, 1],
      [COUNT / 2, 2],
      [COUNT - 1, 1],
    ] as const)
      await this.write(index, 0x80 + index, clusters);
  }

  leave(): Promise<void> {
    return this.#io.close();
  }
}

async function start(t: CaseContext, command: string, args: JsonObject): Promise<string> {
  const id = t.name('job');
  await t.execute(command, { 'job-id': id, ...args });
  return id;
}

/** Lets a job go on without a limit that has been held so far. */
async function unleash(t: CaseContext, id: string): Promise<void> {
  await jobInfo(t, id);
  await t.execute('block-job-set-speed', { device: id, speed: 0 });
}

async function readyMirror(
  t: CaseContext,
  device: string,
  target: string,
  more: JsonObject = {},
): Promise<string> {
  const id = await start(t, 'blockdev-mirror', { device, target, sync: 'full', ...more });
  await t.event('BLOCK_JOB_READY', { device: id });
  return id;
}

async function end(t: CaseContext, verb: 'cancel' | 'complete', id: string): Promise<void> {
  await t.execute(`block-job-${verb}`, { device: id });
  await completed(t, id, 'mirror');
}

async function checkFile(t: CaseContext, { local }: CaseFile, expected: Buffer, what: string): Promise<void> {
  const bytes = await bytesOf(t, local);
  const at = bytes.equals(expected) ? -1 : bytes.findIndex((byte, index) => byte !== expected[index]);
  t.check(
    at === -1 && bytes.length === expected.length,
    `${what} must hold what was asked for`,
    `byte ${at} is ${bytes[at]}`,
  );
}

function backupCase(
  command: 'blockdev-backup' | 'drive-backup',
  requirements: readonly RequirementId[],
): CaseDefinition {
  return {
    id: `${command}/point-in-time-full`,
    title: `${command} with sync full copies the disk of its start, also where a guest writes behind, at and ahead of it`,
    requirements,
    needs: jobs(command, 'block-job-set-speed'),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      const { node: device, content, file: disk } = guest.source;
      const atStart = Buffer.from(content);
      const target = command === 'drive-backup' ? newFile(t) : await makeFile(t, SIZE);
      const args =
        command === 'drive-backup'
          ? { target: target.path, format: 'raw' }
          : { target: await addRawOver(t, target) };
      const id = await start(t, command, { device, sync: 'full', speed: CRAWL, ...args });
      await guest.writeAround();
      await unleash(t, id);
      await completed(t, id, 'backup');
      await guest.write(3, 0x77);
      await guest.leave();
      await checkFile(t, target, atStart, 'the target');
      await checkFile(t, disk, content, 'the disk');
    },
  };
}

export const pointInTimeCases: readonly CaseDefinition[] = [
  backupCase('blockdev-backup', ['blockdev-backup/point-in-time']),
  backupCase('drive-backup', ['drive-backup/point-in-time']),
  {
    id: 'blockdev-backup/none-first-write-only',
    title:
      'A backup with sync none copies what is about to be overwritten for the first time, and nothing else',
    requirements: ['blockdev-backup/sync-none', 'blockdev-backup/point-in-time'],
    needs: needs(jobs('blockdev-backup'), { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      const atStart = Buffer.from(guest.source.content);
      const file = await emptyTarget(t);
      const target = await addQcow2(t, file);
      const id = await start(t, 'blockdev-backup', { device: guest.source.node, target, sync: 'none' });
      for (const byte of [0x71, 0x72]) await guest.write(4, byte);
      await guest.write(9, 0x73);
      await cancelled(t, id);
      await guest.write(20, 0x74);
      await guest.leave();
      await release(t, [target]);
      await checkOwn(t, file, atStart, [4, 9], 'the target');
    },
  },
  {
    id: 'drive-backup/none-above-source',
    title:
      'drive-backup with sync none makes an image above the source, which reads as the disk of the start',
    requirements: ['drive-backup/sync', 'drive-backup/point-in-time'],
    needs: needs(jobs('drive-backup'), { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const source = await guestSource(t, { format: 'qcow2' });
      const guest = await openIo(t, source.node);
      const target = newFile(t);
      const args = { device: source.node, target: target.path, format: 'qcow2', sync: 'none' };
      const id = await start(t, 'drive-backup', args);
      await guest.perform({ kind: 'write', offset: 4 * COPIED, length: COPIED, byte: 0x71 });
      t.contains(await jobInfo(t, id), { type: 'backup', ready: false }, 'the job must go on');
      await cancelled(t, id);
      await guest.close();
      await release(t, [source.node]);
      await checkOwn(t, target, source.content, [4], 'the target');
      await checkContent(t, target, source.content, 'the target and the source below it');
    },
  },
  {
    id: 'blockdev-backup/writes-after-the-end',
    title: 'What is written after a backup was cancelled does not reach its target',
    requirements: ['blockdev-backup/cancelled'],
    needs: jobs('blockdev-backup'),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      const target = await addRaw(t, SIZE);
      const id = await start(t, 'blockdev-backup', {
        device: guest.source.node,
        target: target.name,
        sync: 'full',
        speed: CRAWL,
      });
      await cancelled(t, id);
      const then = await bytesOf(t, target.file.local);
      await guest.writeAround();
      await guest.leave();
      await checkFile(t, target.file, then, 'the target');
    },
  },
  {
    id: 'blockdev-mirror/none-new-writes',
    title: 'A mirror with sync none copies what is written from its start on, and nothing else',
    requirements: ['blockdev-mirror/sync-none', 'blockdev-mirror/mirrors-writes'],
    needs: needs(mirrors('blockdev-mirror'), { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      await guest.write(1, 0x70);
      const file = await emptyTarget(t);
      const target = await addQcow2(t, file);
      const id = await readyMirror(t, guest.source.node, target, { sync: 'none' });
      for (const index of [4, 11]) await guest.write(index, 0x71);
      await end(t, 'cancel', id);
      await guest.leave();
      await release(t, [target]);
      await checkOwn(t, file, guest.source.content, [4, 11], 'the target');
    },
  },
  {
    id: 'blockdev-mirror/writes-while-copying',
    title:
      'What a guest writes while a mirror copies, behind and ahead of it, is on the target once it is ready',
    requirements: ['blockdev-mirror/mirrors-writes'],
    needs: mirrors('blockdev-mirror', 'block-job-set-speed'),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      const target = await addRaw(t, SIZE);
      const args = {
        device: guest.source.node,
        target: target.name,
        sync: 'full',
        speed: CRAWL,
        'buf-size': COPIED,
      };
      const id = await start(t, 'blockdev-mirror', args);
      await guest.writeAround();
      await unleash(t, id);
      await t.event('BLOCK_JOB_READY', { device: id });
      await end(t, 'cancel', id);
      await guest.leave();
      await checkFile(t, target.file, guest.source.content, 'the target');
    },
  },
  {
    id: 'blockdev-mirror/cancelled-when-ready',
    title: 'Cancelling a ready mirror leaves a copy as of then; later writes reach the source only',
    requirements: ['blockdev-mirror/cancel-when-ready', 'blockdev-mirror/copies'],
    needs: mirrors('blockdev-mirror'),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      const target = await addRaw(t, SIZE);
      const id = await readyMirror(t, guest.source.node, target.name);
      await guest.write(5, 0x71);
      await end(t, 'cancel', id);
      const then = Buffer.from(guest.source.content);
      await guest.write(6, 0x72);
      await guest.leave();
      await checkFile(t, target.file, then, 'the target');
      await checkFile(t, guest.source.file, guest.source.content, 'the source');
    },
  },
  {
    id: 'blockdev-mirror/completed-writes',
    title: 'After a mirror has completed, a guest of the source reads from the target and writes to it only',
    requirements: ['blockdev-mirror/complete-switches', 'blockdev-mirror/mirrors-writes'],
    needs: mirrors('blockdev-mirror', 'block-job-complete'),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      const target = await addRaw(t, SIZE);
      const id = await readyMirror(t, guest.source.node, target.name);
      await guest.write(5, 0x71);
      await end(t, 'complete', id);
      const then = Buffer.from(guest.source.content);
      await guest.write(6, 0x72);
      await guest.leave();
      await checkFile(t, target.file, guest.source.content, 'the target');
      await checkFile(t, guest.source.file, then, 'the source');
    },
  },
  {
    id: 'drive-mirror/completed-writes',
    title: 'drive-mirror follows a guest when it is ready; completed, the guest writes to the new image only',
    requirements: ['drive-mirror/mirrors-writes', 'blockdev-mirror/complete-switches'],
    needs: mirrors('drive-mirror', 'block-job-complete'),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      const target = newFile(t);
      const args = { device: guest.source.node, target: target.path, format: 'raw', sync: 'full' };
      const id = await start(t, 'drive-mirror', args);
      await t.event('BLOCK_JOB_READY', { device: id });
      await guest.write(5, 0x71);
      await end(t, 'complete', id);
      const then = Buffer.from(guest.source.content);
      await guest.write(6, 0x72);
      await guest.leave();
      await checkFile(t, target, guest.source.content, 'the target');
      await checkFile(t, guest.source.file, then, 'the source');
    },
  },
  {
    id: 'drive-mirror/none-new-writes',
    title:
      'drive-mirror with sync none makes an image that has what is written from then on, and nothing else',
    requirements: ['drive-mirror/sync', 'drive-mirror/mirrors-writes'],
    needs: needs(mirrors('drive-mirror'), { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const guest = await Guest.of(t);
      const file = await emptyTarget(t);
      const args = {
        device: guest.source.node,
        target: file.path,
        format: 'qcow2',
        mode: 'existing',
        sync: 'none',
      };
      const id = await start(t, 'drive-mirror', args);
      await t.event('BLOCK_JOB_READY', { device: id });
      await guest.write(8, 0x71);
      await end(t, 'cancel', id);
      await guest.leave();
      await checkOwn(t, file, guest.source.content, [8], 'the target');
    },
  },
];
