/** Jobs, copies, snapshots and limits of drives as the human monitor rules them: each does what the command of QMP does. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { CHAIN_SIZE, checkContent, readImage, stairs } from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, inserted, onDrive } from '../helpers/drive-chain.ts';
import { hmpIo, typed } from '../helpers/human-monitor-io.ts';
import { checkNoJob, crawlingBackup, jobInfo, succeeded } from '../helpers/job-steps.ts';
import { checkAbsent, KiB, MiB, newFile, nodeInfo, snapshotsOf } from '../helpers/shared-setup.ts';

/** Has a line done, which the human monitor says nothing to then. */
async function does(t: CaseContext, line: string): Promise<void> {
  const said = await typed(t, line);
  t.check(said === '', `'${line}' must be done`, `it says ${JSON.stringify(said)}`);
}

async function refuses(t: CaseContext, line: string): Promise<void> {
  t.check((await typed(t, line)) !== '', `'${line}' must be refused`, 'it says nothing');
}

const common = { topology: driveOverBase, fresh: true };

/** Rates of a job as people say them: mebibytes where they say no unit. */
const SPEEDS = [
  ['128k', 128 * KiB],
  ['3', 3 * MiB],
  ['65536B', 64 * KiB],
] as const;

/** What help says of commands, up to what it tells of their purpose. */
const HELP = [
  'cont|c',
  'drive_del device',
  'eject [-f] device',
  'qemu-io [-d] [device] "[command]"',
  'quit|q',
  'stop|s',
  'block_job_cancel [-f] device',
  'block_job_complete device',
  'block_job_pause device',
  'block_job_resume device',
  'block_job_set_speed device speed',
  'block_resize device size',
  'block_set_io_throttle device bps bps_rd bps_wr iops iops_rd iops_wr',
  'block_stream device [speed [base]]',
  'commit device|all',
  'drive_backup [-n] [-f] [-c] device target [format]',
  'drive_mirror [-n] [-f] device target [format]',
  'snapshot_blkdev [-n] device [new-image-file] [format]',
  'snapshot_blkdev_internal device name',
  'snapshot_delete_blkdev_internal device name [id]',
  'nbd_server_add nbd_server_add [-w] device [name]',
  'nbd_server_remove nbd_server_remove [-f] name',
  'nbd_server_start nbd_server_start [-a] [-w] host:port',
  'nbd_server_stop nbd_server_stop',
  'help|? [cmd]',
  'info block [-n] [-v] [device]',
  'info blockstats',
  'info block-jobs',
  'info status',
  'info version',
];

export const ruledByPeople: readonly CaseDefinition[] = [
  {
    id: 'drives/jobs-by-people',
    title:
      'By the human monitor a stream starts with its rate and its base, pauses, goes on, and is cancelled',
    requirements: [
      'block-stream/base',
      'block-stream/speed',
      'block-job-set-speed/sets',
      'block-job-pause/pauses',
      'block-job-resume/resumes',
      'block-job-cancel/cancels',
    ],
    needs: onDrive('query-block-jobs', 'blockdev-backup'),
    ...common,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 3);
      for (const verb of ['pause', 'resume', 'complete', 'cancel'])
        await refuses(t, `block_job_${verb} ${DRIVE}`);
      await refuses(t, `block_job_set_speed ${DRIVE} 1k`);
      for (const words of ['none', `${DRIVE} x`, `${DRIVE} 0 ${t.dir}/none.img`, ''])
        await refuses(t, `block_stream ${words}`);
      await checkNoJob(t, DRIVE);
      for (const isForced of [false, true]) {
        const id = await crawlingBackup(t);
        for (const [words, speed] of SPEEDS) {
          await does(t, `block_job_pause ${id}`);
          t.contains(await jobInfo(t, id), { paused: true }, 'a job that is told to must pause');
          await does(t, `block_job_set_speed ${id} ${words}`);
          t.contains(await jobInfo(t, id), { speed }, `${words} must be the rate that it says`);
          await does(t, `block_job_set_speed ${id} 1B`);
          await does(t, `block_job_resume ${id}`);
          t.contains(await jobInfo(t, id), { paused: false }, 'a job that is told to must go on');
        }
        await refuses(t, `block_job_set_speed ${id}`);
        await refuses(t, `block_job_complete ${id}`);
        if (isForced) await does(t, `block_job_pause ${id}`);
        await does(t, `block_job_cancel ${isForced ? '-f ' : ''}${id}`);
        await t.event('BLOCK_JOB_CANCELLED', { device: id });
      }
      await does(t, `block_stream ${DRIVE} 3 ${base!.file.path}`);
      const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: DRIVE });
      t.contains(data ?? null, { type: 'stream', speed: 3 * MiB }, 'a stream must have its rate');
      t.contains(await inserted(t), { backing_file: base!.file.path }, 'the base must be what is below then');
      await does(t, `block_stream ${DRIVE}`);
      await succeeded(t, DRIVE, 'stream');
      t.contains(await inserted(t), { backing_file_depth: 0 }, 'without a base nothing must be below then');
    },
  },
  {
    id: 'drives/copies-by-people',
    title:
      'By the human monitor drives are backed up and mirrored: all or the top, to new files or to those there',
    requirements: [
      'drive-backup/sync',
      'drive-backup/creates-target',
      'drive-backup/existing',
      'drive-mirror/sync',
      'drive-mirror/creates-target',
      'drive-mirror/existing',
      'block-job-cancel/ready-completes',
    ],
    needs: onDrive('query-block-jobs', 'drive-backup', 'drive-mirror'),
    ...common,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 2);
      for (const kind of ['backup', 'mirror'] as const) {
        const made = async (flags: string, format: string, file = newFile(t)) => {
          await does(
            t,
            [`drive_${kind}`, flags, DRIVE, file.path, format].filter((word) => word !== '').join(' '),
          );
          if (kind === 'mirror') {
            await t.event('BLOCK_JOB_READY', { device: DRIVE });
            await does(t, `block_job_cancel ${DRIVE}`);
          }
          await succeeded(t, DRIVE, kind);
          return file;
        };
        const whole = await made('-f', 'raw');
        await checkContent(t, whole, stairs(2), `the raw ${kind}`);
        const top = await made('', '');
        await checkContent(t, top, stairs(2), `the ${kind} of the top`);
        const full = await made('-f', 'qcow2');
        await checkContent(t, full, stairs(2), `the whole ${kind}`);
        t.equal((await readImage(t, full)).backing, null, 'a whole copy must stand by itself');
        t.equal(
          (await readImage(t, top)).backing,
          base!.file.path,
          'a copy of the top must be over the base',
        );
        await does(t, `qemu-io ${DRIVE} "write -P 0x77 0 ${CHAIN_SIZE}"`);
        await made('-n -f', 'raw', whole);
        await checkContent(t, whole, Buffer.alloc(CHAIN_SIZE, 0x77), `the ${kind} over the one before`);
        const missing = newFile(t).path;
        for (const words of [
          `-n ${DRIVE} ${missing}`,
          `${DRIVE}`,
          `none ${missing}`,
          `${DRIVE} ${missing} none`,
        ])
          await refuses(t, `drive_${kind} ${words}`);
        await checkNoJob(t, DRIVE);
        await does(t, `qemu-io ${DRIVE} "write -P 0x11 0 ${CHAIN_SIZE}"`);
        await does(t, `qemu-io ${DRIVE} "write -P 0x22 0 ${CHAIN_SIZE / 2}"`);
      }
      const target = newFile(t);
      await does(t, `drive_mirror -f ${DRIVE} ${target.path} raw`);
      await t.event('BLOCK_JOB_READY', { device: DRIVE });
      await does(t, `block_job_complete ${DRIVE}`);
      await succeeded(t, DRIVE, 'mirror');
      t.contains(
        await inserted(t),
        { file: target.path, drv: 'raw' },
        'a mirror that is completed must switch',
      );
    },
  },
  {
    id: 'drives/snapshots-by-people',
    title: 'By the human monitor snapshots of drives are taken and deleted, and overlays are committed',
    requirements: [
      'blockdev-snapshot-sync/creates-overlay',
      'blockdev-snapshot-sync/existing',
      'blockdev-snapshot-internal-sync/takes',
      'blockdev-snapshot-delete-internal-sync/deletes',
    ],
    needs: onDrive('blockdev-snapshot-internal-sync'),
    ...common,
    async run(t: CaseContext) {
      const [base, overlay] = await driveChain(t, 2);
      const first = newFile(t);
      for (const words of [
        DRIVE,
        `-n ${DRIVE} ${first.path}`,
        `none ${first.path}`,
        `${DRIVE} ${first.path} none`,
      ])
        await refuses(t, `snapshot_blkdev ${words}`);
      t.contains(await inserted(t), { file: overlay!.file.path }, 'what is refused must change nothing');
      const names = async (): Promise<unknown[]> =>
        (await snapshotsOf(t, overlay!.node)).map(({ name = null }) => name);
      for (const name of ['one', '"and two"']) await does(t, `snapshot_blkdev_internal ${DRIVE} ${name}`);
      for (const words of [`${DRIVE} one`, DRIVE, 'none three'])
        await refuses(t, `snapshot_blkdev_internal ${words}`);
      t.equal((await names()) as string[], ['one', 'and two'], 'the snapshots must be there by their names');
      for (const words of [`${DRIVE} three`, `${DRIVE} one 2`, DRIVE])
        await refuses(t, `snapshot_delete_blkdev_internal ${words}`);
      await typed(t, `snapshot_delete_blkdev_internal ${DRIVE} one 1`);
      t.equal(
        (await names()) as string[],
        ['and two'],
        'a snapshot that is deleted must be gone, and no other',
      );
      await does(t, `snapshot_blkdev ${DRIVE} ${first.path}`);
      t.contains(
        await inserted(t),
        { file: first.path, drv: 'qcow2', backing_file: overlay!.file.path },
        'the drive must be on its new overlay',
      );
      await does(t, `qemu-io ${DRIVE} "write -P 0x55 0 ${CHAIN_SIZE}"`);
      for (const words of ['none', '']) await refuses(t, `commit ${words}`);
      await does(t, `commit ${DRIVE}`);
      await does(t, `qemu-io ${DRIVE} flush`);
      await checkContent(t, overlay!.file, Buffer.alloc(CHAIN_SIZE, 0x55), 'the image below');
      await checkContent(t, base!.file, stairs(1), 'the base');
    },
  },
  {
    id: 'drives/help-for-people',
    title: 'The help of the human monitor tells the arguments of each command about drives and jobs',
    requirements: ['query-block/every-device'],
    needs: hmpIo,
    async run(t: CaseContext) {
      for (const wanted of HELP) {
        const [, name = ''] = /^((?:info )?[\w-]+)/.exec(wanted) ?? [];
        const told = String(await typed(t, `help ${name}`));
        const [forms = ''] = told.split(' -- ');
        t.equal(forms.trim(), wanted, `help must tell the form of ${name}`);
      }
    },
  },
  {
    id: 'drives/forms-by-people',
    title: 'By the human monitor drives get their size and their limits, and nodes come and go',
    requirements: ['block_resize/by-device', 'block_set_io_throttle/sets', 'block_set_io_throttle/limits'],
    needs: onDrive('block_resize', 'block_set_io_throttle'),
    ...common,
    async run(t: CaseContext) {
      const size = async () => ((await inserted(t)).image as { 'virtual-size': number })['virtual-size'];
      for (const [words, bytes] of [
        ['2', 2 * MiB],
        ['1.5', 1.5 * MiB],
        ['512k', 512 * KiB],
        ['1048576B', MiB],
      ] as const) {
        await does(t, `block_resize ${DRIVE} ${words}`);
        t.equal(await size(), bytes, `${words} must be the size that it says`);
      }
      for (const words of [`${DRIVE}`, `${DRIVE} x`, 'none 1', `${DRIVE} 2 3`])
        await refuses(t, `block_resize ${words}`);
      t.equal(await size(), MiB, 'what is refused must leave the size');
      const limits = async () => {
        const { bps, bps_rd, bps_wr, iops, iops_rd, iops_wr } = await inserted(t);
        return [bps, bps_rd, bps_wr, iops, iops_rd, iops_wr].map(Number);
      };
      for (const given of [
        [1000, 0, 0, 20, 0, 0],
        [0, 3000, 4000, 0, 50, 60],
        [0, 0, 0, 0, 0, 0],
      ]) {
        await does(t, `block_set_io_throttle ${DRIVE} ${given.join(' ')}`);
        t.equal(await limits(), given, 'the limits must be those that were given, in this order');
      }
      for (const words of ['1 2 0 0 0 0', '1 0 0 0 0', '1 0 0 0 0 x', '1 0 0 0 0 0 0'])
        await refuses(t, `block_set_io_throttle ${DRIVE} ${words}`);
      t.equal(await limits(), [0, 0, 0, 0, 0, 0], 'what is refused must leave the limits');
      const node = t.name('added');
      await does(t, `drive_add -n 0 driver=null-co,size=64k,node-name=${node}`);
      t.contains(await nodeInfo(t, node), { drv: 'null-co' }, 'a node must be there that is added');
      await refuses(t, `drive_add -n 0 driver=null-co,node-name=${node}`);
      await does(t, `drive_del ${node}`);
      await checkAbsent(t, node);
      await refuses(t, `drive_del ${node}`);
    },
  },
];
