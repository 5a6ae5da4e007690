/** What a drive keeps while its media come and go, by whichever command; and people who move trays at a human monitor. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo, insertedIn, statsOf } from '../helpers/device-info.ts';
import { hmpIo, typed } from '../helpers/human-monitor-io.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { addNode, dataNodes, KiB, needs, newFile, queryList, refusedWith } from '../helpers/shared-setup.ts';
import { limitsOf } from '../helpers/throttling.ts';
import { start } from './failing-disks.ts';
import {
  cdGuest,
  mediumIs,
  moved,
  noneMoved,
  OTHER_FILE,
  trayIs,
  trayMachine,
  trayNeeds,
  UNKNOWN,
} from './tray-topology.ts';

const SIZE = 64 * KiB;

/** A CD drive whose drive says something of all that it can, another that was empty from the first, and a floppy drive. */
const machine = pc(
  'kept-by-drives',
  ['first.iso', OTHER_FILE].map((path) => ({ path, format: 'raw', size: SIZE })),
  [
    '-drive',
    'if=none,id=d0,file=@DIR@/first.iso,format=raw,read-only=on,cache.writeback=off,cache.no-flush=on,' +
      'detect-zeroes=on,rerror=stop,werror=stop,stats-intervals.0=3600,stats-account-failed=off,' +
      'throttling.bps-total=1000000000,throttling.group=g',
    '-device',
    'ide-cd,id=cd,drive=d0,bus=ide.1,unit=0',
    '-drive',
    'if=none,id=e0,media=cdrom,cache.writeback=off',
    '-device',
    'ide-cd,id=cd2,drive=e0,bus=ide.1,unit=1',
  ],
);

/** What query-block tells of a drive apart from which image is in it. */
async function ofDrive(t: CaseContext, name: string): Promise<JsonObject> {
  const { inserted: _, ...info } = await deviceInfo(t, name);
  const { cache = null, detect_zeroes: zeroes = null, ro = null } = await insertedIn(t, name);
  return { ...info, cache, zeroes, ro, limits: await limitsOf(t, name) };
}

/** What query-blockstats counts of a drive, times and what belongs to the image apart. */
async function counted(t: CaseContext, name: string): Promise<JsonObject> {
  const stats = await statsOf(t, name);
  const lasting = Object.entries(stats).filter(([member]) => !/idle|highest|timed_stats/.test(member));
  const timed = (Array.isArray(stats.timed_stats) ? stats.timed_stats : []).filter(isJsonObject);
  const most = timed.map(({ interval_length: length = null, max_rd_latency_ns: max = null }) => ({
    length,
    max,
  }));
  return { ...Object.fromEntries(lasting), most };
}

export const keptByDrives: readonly CaseDefinition[] = [
  {
    id: 'blockdev-change-medium/drive-keeps-itself',
    title:
      'Cache, zeroes, limits, mode, policies and statistics of a drive stay when its medium is exchanged in any way',
    requirements: [
      'BlockdevChangeReadOnlyMode/retain',
      'blockdev-change-medium/filename',
      'BlockDeviceInfo/group',
      'query-block/io-status',
    ],
    needs: trayNeeds('blockdev-change-medium', 'eject', 'query-blockstats', 'cont', 'query-status'),
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const other = { filename: `${t.dir}/${OTHER_FILE}`, format: 'raw' };
      await start(t);
      await new IdeDrive(t, 'ide.1').readCd();
      const drive = await ofDrive(t, 'd0');
      t.contains(
        drive,
        {
          'io-status': 'ok',
          zeroes: 'on',
          ro: true,
          cache: { writeback: false, direct: false, 'no-flush': true },
          limits: { bps: 1_000_000_000, group: 'g' },
        },
        'query-block must tell what the drive was given',
      );
      const statistics = await counted(t, 'd0');
      t.check(statistics.rd_operations !== 0, 'what the guest read must count', 'it does not');
      for (const [how, ways] of [
        ['by its device', [['blockdev-change-medium', { id: 'cd', ...other }]]],
        ['by its name', [['blockdev-change-medium', { device: 'd0', ...other }]]],
        [
          'after it was empty',
          [
            ['eject', { id: 'cd' }],
            ['blockdev-change-medium', { id: 'cd', ...other }],
          ],
        ],
        [
          'after it was empty, by its name',
          [
            ['eject', { device: 'd0' }],
            ['blockdev-change-medium', { device: 'd0', ...other }],
          ],
        ],
      ] as const) {
        for (const [command, args] of ways) {
          await t.execute(command, args);
          t.equal(await counted(t, 'd0'), statistics, `the drive must keep what it counted (${how})`);
          t.contains(
            await deviceInfo(t, 'd0'),
            { qdev: 'cd', 'io-status': 'ok' },
            `its device must use the drive (${how})`,
          );
        }
        t.equal(await ofDrive(t, 'd0'), drive, `the drive must be as before (${how})`);
      }
      await t.execute('blockdev-change-medium', { id: 'cd2', ...other });
      t.contains(
        await ofDrive(t, 'e0'),
        { ro: true, cache: { writeback: false, direct: false, 'no-flush': false } },
        'a drive that was empty must have the options that it began with',
      );
    },
  },
  {
    id: 'blockdev-insert-medium/floppy-adapts',
    title: 'A floppy drive whose disk has gone takes a read-only one, and after that a writable one again',
    requirements: ['blockdev-insert-medium/inserts', 'blockdev-remove-medium/removes'],
    needs: needs(dataNodes, trayNeeds('blockdev-insert-medium', 'blockdev-remove-medium')),
    topology: trayMachine,
    fresh: true,
    async run(t: CaseContext) {
      for (const ro of [false, true, false, true, true, false]) {
        const node = await addNode(t, { size: SIZE, 'read-only': ro });
        await t.execute('blockdev-insert-medium', { id: 'fd', 'node-name': node });
        await mediumIs(t, 'fd', { 'node-name': node, ro });
        await t.execute('blockdev-remove-medium', { id: 'fd' });
        await mediumIs(t, 'fd', null);
        await t.execute('blockdev-del', { 'node-name': node });
      }
      await noneMoved(t);
    },
  },
  {
    id: 'eject/by-people',
    title:
      'Typed at a human monitor eject, change, stop and cont do what they do as commands, force included',
    requirements: ['eject/ejects', 'eject/force', 'blockdev-change-medium/locked', 'query-block/locked'],
    needs: needs(trayNeeds('eject', 'cont', 'stop', 'query-status'), hmpIo),
    topology: trayMachine,
    fresh: true,
    async run(t: CaseContext) {
      const change = `change d0 ${t.dir}/${OTHER_FILE} raw`;
      await cdGuest(t).lock(true);
      for (const line of [
        'eject d0',
        change,
        'eject h0',
        'eject -f h0',
        `change h0 ${t.dir}/${OTHER_FILE} raw`,
      ]) {
        await typed(t, line);
        await mediumIs(t, 'cd', { 'node-name': 'first' });
        await mediumIs(t, 'hd', { 'node-name': 'disk' });
        await noneMoved(t);
      }
      await typed(t, 'eject -f d0');
      await moved(t, 'cd', true, 'd0');
      t.contains(
        await mediumIs(t, 'cd', null),
        { locked: false, tray_open: true },
        'a tray that was forced open must not be locked',
      );
      await typed(t, change);
      await moved(t, 'cd', false, 'd0');
      await mediumIs(t, 'cd', { file: `${t.dir}/${OTHER_FILE}`, drv: 'raw' });
      await trayIs(t, 'cd', false);
      await typed(t, 'eject d0');
      await moved(t, 'cd', true, 'd0');
      await mediumIs(t, 'cd', null);
      await start(t);
      for (const [line, event, status] of [
        ['stop', 'STOP', 'paused'],
        ['cont', 'RESUME', 'running'],
      ] as const) {
        await typed(t, line);
        await t.event(event);
        t.contains(await t.execute('query-status'), { status }, `the machine must be ${status}`);
      }
    },
  },
  {
    id: 'query-block/deleted-below-a-device',
    title:
      'A drive that is deleted below its device loses name, medium and policies; its device goes on, its id stays taken',
    requirements: ['query-block/device', 'query-block/every-device', 'query-block/io-status'],
    needs: needs(
      dataNodes,
      trayNeeds('eject', 'blockdev-insert-medium', 'blockdev-remove-medium', 'blockdev-open-tray'),
      hmpIo,
    ),
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const other = await deviceInfo(t, 'cd2');
      const { device: name = null, 'io-status': status = null } = await deviceInfo(t, 'cd');
      t.equal([name, status], ['d0', 'ok'], 'the device must use its drive at first');
      await typed(t, 'drive_del d0');
      const deleted = await mediumIs(t, 'cd', null);
      t.contains(deleted, { device: '', qdev: 'cd', tray_open: false }, 'the device must go on without it');
      t.check(
        !('io-status' in deleted),
        'no error of it may stop the machine any more',
        'io-status is there',
      );
      await refusedWith(t, 'eject', { device: 'd0' }, UNKNOWN);
      t.equal(await deviceInfo(t, 'cd2'), other, 'another drive must be as before');
      const node = await addNode(t, { size: SIZE, 'read-only': true });
      await t.execute('blockdev-open-tray', { id: 'cd' });
      await moved(t, 'cd', true);
      await t.execute('blockdev-insert-medium', { id: 'cd', 'node-name': node });
      const again = await mediumIs(t, 'cd', { 'node-name': node });
      t.check(!('io-status' in again), 'the policies of the drive must not come back', 'io-status is there');
      await t.execute('blockdev-remove-medium', { id: 'cd' });
      const drives = (await queryList(t, 'query-block')).length;
      for (const [id, more] of [
        ['d0', 0],
        ['d1', 1],
      ] as const) {
        await typed(t, `drive_add 0 if=none,id=${id},driver=null-co,size=65536`);
        t.equal(
          (await queryList(t, 'query-block')).length,
          drives + more,
          'its id must stay taken while its device is there',
        );
      }
    },
  },
  {
    id: 'blockdev-change-medium/refused-leaves-all',
    title: 'However commands for media are refused, drives, trays and nodes are as before, open or closed',
    requirements: [
      'blockdev-change-medium/filename',
      'blockdev-insert-medium/unknown',
      'eject/not-removable',
    ],
    needs: needs(
      dataNodes,
      trayNeeds(
        'blockdev-change-medium',
        'blockdev-insert-medium',
        'blockdev-remove-medium',
        'blockdev-open-tray',
        'blockdev-close-tray',
        'eject',
      ),
    ),
    topology: trayMachine,
    fresh: true,
    async run(t: CaseContext) {
      const node = await addNode(t, { size: SIZE });
      const file = { filename: `${t.dir}/${OTHER_FILE}`, format: 'raw' };
      const refusals: (readonly [string, JsonObject])[] = [
        ['blockdev-change-medium', { id: 'cd', filename: newFile(t).path }],
        ['blockdev-change-medium', { id: 'cd', ...file, format: 'qcow2' }],
        ['blockdev-change-medium', { id: 'cd', ...file, format: 'no-format' }],
        ['blockdev-change-medium', { id: 'cd', device: 'd0', ...file }],
        ['blockdev-change-medium', { id: 'hd', ...file }],
        ['blockdev-change-medium', { id: 'scsi', ...file }],
        ['blockdev-insert-medium', { id: 'cd', 'node-name': node }],
        ['blockdev-insert-medium', { id: 'hd', 'node-name': node }],
        ['blockdev-insert-medium', { id: 'fd', 'node-name': 'disk' }],
        ['blockdev-insert-medium', { id: 'fd', 'node-name': t.name('nothing') }],
        ['blockdev-remove-medium', { id: 'hd' }],
        ['blockdev-remove-medium', { id: 'scsi' }],
        ['blockdev-open-tray', { id: 'hd', force: true }],
        ['blockdev-close-tray', { id: 'hd' }],
        ['eject', { id: 'hd', force: true }],
        ['eject', { device: 'h0' }],
      ];
      const told = async () => [await t.execute('query-block'), await t.execute('query-named-block-nodes')];
      for (const open of [false, true]) {
        if (open) {
          await t.execute('blockdev-open-tray', { id: 'cd' });
          await moved(t, 'cd', true, 'd0');
        }
        const before = await told();
        for (const [command, args] of refusals) {
          const { error } = await t.request({ execute: command, arguments: args });
          const what = `${command} of ${String(args.id ?? args.device)}`;
          t.check(error !== undefined, `${what} must be refused`, 'it is not');
          await noneMoved(t);
          t.equal(await told(), before, `all must be as before (${what})`);
        }
      }
      await t.execute('blockdev-change-medium', { id: 'cd', ...file });
      await moved(t, 'cd', false, 'd0');
      await noneMoved(t);
      await t.execute('blockdev-insert-medium', { id: 'fd', 'node-name': node });
    },
  },
];
