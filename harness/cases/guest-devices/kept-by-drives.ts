/** What a drive keeps while its media come and go, by whichever command; and people who move trays at a human monitor. */
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo, insertedIn, statsOf } from '../helpers/device-info.ts';
import { hmpIo } from '../helpers/human-monitor-io.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { addNode, dataNodes, KiB, needs } from '../helpers/shared-setup.ts';
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

/** A line that people type; what is printed tells nothing here. */
function typed(t: CaseContext, line: string): Promise<Json> {
  return t.execute('human-monitor-command', { 'command-line': line });
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
];
