/** Drives that the human monitor adds: which options are refused, next to such as are taken. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { hmpIo, typed } from '../helpers/human-monitor-io.ts';
import { pc } from '../helpers/ide-guest.ts';
import { makeFileIn, needs, queryList } from '../helpers/shared-setup.ts';

const adding: Needs = needs(hmpIo, {
  commands: ['query-block', 'query-named-block-nodes'],
  drivers: ['null-co'],
  capabilities: ['drives'],
});

/** Options of a drive, refused and taken; those of the first are for a node over nothing where they say no driver. */
type Pair = readonly [refused: string, taken: string];

const FAULTS: Readonly<Record<string, { title: string; needs?: Needs; pairs: readonly Pair[] }>> = {
  'error-actions': {
    title: 'An error policy must be one of three words, of writes one of four',
    pairs: [
      ['rerror=enospc', 'rerror=ignore'],
      ['rerror=x', 'rerror=report'],
      ['rerror=x', 'rerror=stop'],
      ['werror=x', 'werror=enospc'],
      ['werror=x', 'werror=ignore'],
      ['werror=x', 'werror=report'],
      ['werror=x', 'werror=stop'],
    ],
  },
  switches: {
    title: 'A switch of a drive must be on or off, and given by one of its names',
    pairs: [
      ['copy-on-read=x', 'copy-on-read=off'],
      ['readonly=x', 'readonly=on'],
      ['read-only=x', 'read-only=on'],
      ['readonly=on,read-only=on', 'read-only=on'],
      ['readonly=off,read-only=off', 'readonly=off'],
      ['snapshot=x', 'snapshot=off'],
      ['cache.writeback=x', 'cache.writeback=off'],
      ['cache.direct=x', 'cache.direct=on'],
      ['stats-account-invalid=x', 'stats-account-invalid=off'],
      ['stats-account-failed=x', 'stats-account-failed=off'],
    ],
  },
  words: {
    title: 'Cache mode, kind of I/O, medium, interface, discards and zeroes are words of a few each',
    pairs: [
      ['cache=x', 'cache=directsync'],
      ['aio=x', 'aio=threads'],
      ['aio=', 'aio=native,cache=none'],
      ['media=x', 'media=disk'],
      ['if=x', 'if=none'],
      ['discard=x', 'discard=on'],
      ['discard=', 'discard=off'],
      ['discard=report', 'discard=ignore'],
      ['detect-zeroes=x', 'detect-zeroes=off'],
      ['detect-zeroes=', 'detect-zeroes=on'],
    ],
  },
  places: {
    title: 'A drive has a place by its index or by bus and unit, as numbers',
    pairs: [
      ['bus=x', 'bus=1,unit=70'],
      ['unit=1x', 'unit=71'],
      ['index=', 'index=72'],
      ['index=73,unit=73', 'index=73'],
      ['index=74,bus=1', 'index=74,bus=0'],
      ['index=0,unit=0', 'index=75'],
    ],
  },
  limits: {
    title: 'Limits of a drive are numbers of 64 bits, given by one of their names, in total or by direction',
    pairs: [
      ['throttling.bps-total=1,throttling.bps-read=1', 'throttling.bps-write=1,throttling.bps-read=1'],
      ['iops=1,iops_wr=1', 'iops=1,bps_wr=1'],
      ['bps_max=2', 'bps=1,bps_max=2'],
      ['throttling.bps-total=x', 'throttling.bps-total=0x10'],
      ['throttling.iops-read=09', 'throttling.iops-read=010'],
      ['throttling.bps-total=7,bps=7', 'bps=7'],
      ['throttling.iops-size=7,iops_size=7', 'iops=1,iops_size=7'],
      ['bps=18446744073709551616', 'bps=+16'],
      ['throttling.group=g,group=g', 'throttling.group=g'],
    ],
  },
  intervals: {
    title: 'Intervals of statistics are a list from 0 on of seconds in 32 bits, none of them 0',
    pairs: [
      ['stats-intervals.0=0', 'stats-intervals.0=1'],
      ['stats-intervals.0=-1', 'stats-intervals.0=+1'],
      ['stats-intervals.0=4294967296', 'stats-intervals.0=4294967295'],
      ['stats-intervals.0=1k', 'stats-intervals.0= 7'],
      ['stats-intervals.1=60', 'stats-intervals.0=60'],
      ['stats-intervals.0=60,stats-intervals.2=1', 'stats-intervals.0=60,stats-intervals.1=1'],
      ['stats-intervals.0.a=1', 'stats-intervals.0=2'],
    ],
  },
  definitions: {
    title: 'The node of a drive is told by driver or format, and its options must be known and fit',
    pairs: [
      ['driver=null-co,format=null-co', 'format=null-co'],
      ['driver=none', 'driver=null-aio'],
      ['foo=1,driver=', 'file=null-co://,format=raw'],
      ['foo=1', 'size=0x10000'],
      ['s=1', 'size=1k'],
      ['latency-ns=-1', 'latency-ns=5'],
      ['node-name=taken', 'node-name=free'],
      ['node-name=5a', 'node-name=a5'],
      ['file=@DIR@/none.img,format=raw', 'file=@DIR@/there.img,format=raw'],
    ],
  },
  ids: {
    title: 'The id of a drive begins with a letter, has no strange characters, and is not taken',
    pairs: [
      ['id=5x', 'id=x5'],
      ['id=a/b', 'id=a_b.c-9'],
      ['id=taken', 'id=taken2'],
      ['id=-a', 'id=Z'],
    ],
  },
};

/** Has a drive added with these options, and gives its name if it is there then, and no other. */
async function added(t: CaseContext, options: string): Promise<string | null> {
  const names = async (): Promise<string[]> =>
    (await queryList(t, 'query-block')).map(({ device }) => String(device));
  const before = await names();
  const own = [
    ...(/(^|,)if=/.test(options) ? [] : ['if=none']),
    ...(/(^|,)id=/.test(options) ? [] : [`id=${t.name('drive')}`]),
    ...(/(^|,)(driver|format)=/.test(options) ? [] : ['driver=null-co']),
    options.replace('@DIR@', t.dir).replace(/,driver=$/, ''),
  ].join();
  await typed(t, `drive_add 0 ${/[ "]/.test(own) ? `"${own}"` : own}`);
  const more = (await names()).filter((name) => !before.includes(name));
  t.check(more.length < 2, 'a call must add one drive at most', `it added ${more.length}`);
  return more[0] ?? null;
}

/** What a drive says of its device, the model of that, and what it tells then. */
const HARDWARE: readonly (readonly [options: string, model: string, told: JsonObject])[] = [
  ['serial=S1', 'scsi-hd', { serial: 'S1', device_id: 'S1' }],
  ['serial=S2', 'virtio-blk-pci', { serial: 'S2' }],
  ['serial=', 'scsi-cd', { serial: '' }],
  ['cyls=5,heads=4,secs=3', 'scsi-hd', { cyls: 5, heads: 4, secs: 3 }],
  ['cyls=16383,heads=16,secs=63', 'virtio-blk-pci', { cyls: 16383, heads: 16, secs: 63 }],
  ['cyls=1,heads=1,secs=1,trans=auto', 'scsi-hd', { cyls: 1, heads: 1, secs: 1 }],
  ['cyls=0,heads=0,secs=0', 'scsi-hd', { cyls: 2080, heads: 16, secs: 63 }],
  ['boot=on', 'scsi-hd', { serial: '' }],
];

/** What no drive says. */
const NO_HARDWARE = [
  'cyls=5',
  'cyls=5,heads=4',
  'heads=4,secs=3',
  'cyls=16384,heads=4,secs=3',
  'cyls=5,heads=17,secs=3',
  'cyls=5,heads=4,secs=64',
  'cyls=x,heads=4,secs=3',
  'cyls=5,heads=4,secs=3,trans=x',
  'trans=lba',
  'media=cdrom,cyls=5,heads=4,secs=3',
  'addr=9',
  'boot=x',
];

const hardware: CaseDefinition = {
  id: 'drive-options/hardware',
  title: 'What a drive says of serial number and geometry, its device tells; what there cannot be is refused',
  requirements: ['query-block/every-device'],
  needs: needs(adding, { commands: ['device_add', 'qom-get'] }),
  topology: pc('a-controller-for-drives', [], ['-device', 'virtio-scsi-pci,id=scsi']),
  fresh: true,
  async run(t: CaseContext) {
    for (const options of NO_HARDWARE)
      t.equal(await added(t, options), null, `a drive with ${options} must not be added`);
    for (const [options, driver, told] of HARDWARE) {
      const drive = await added(t, options);
      if (drive === null) t.skip(`drives say nothing of their devices: ${options} is refused`);
      const id = t.name('disk');
      await t.execute('device_add', { driver, id, drive });
      const got: JsonObject = {};
      for (const property of Object.keys(told))
        got[property] = await t.execute('qom-get', { path: `/machine/peripheral/${id}`, property });
      t.equal(got, told, `a device must tell what its drive says with ${options}`);
    }
  },
};

const refusals: readonly CaseDefinition[] = Object.entries(FAULTS).map(
  ([id, { title, pairs }]): CaseDefinition => ({
    id: `drive-options/refused-${id}`,
    title,
    requirements: ['query-block/every-device'],
    needs: adding,
    topology: {
      name: 'a-drive-taken',
      images: [],
      options: ['-drive', 'if=none,id=taken,driver=null-co,size=64k'],
      monitors: 1,
    },
    fresh: true,
    async run(t: CaseContext) {
      if (id === 'definitions') await makeFileIn({ path: t.dir, local: t.scratch }, 'there.img', 512);
      const nodes = async () => (await queryList(t, 'query-named-block-nodes')).length;
      for (const [refused, taken] of pairs) {
        const before = await nodes();
        t.equal(await added(t, refused), null, `a drive with ${refused} must not be added`);
        t.equal(await nodes(), before, `nothing must be left of a drive with ${refused}`);
        const drive = await added(t, taken);
        t.check(drive !== null, `a drive with ${taken} must be added`, 'it is not');
        await typed(t, `drive_del ${drive}`);
        t.equal(await nodes(), before, `nothing must be left of a drive that is deleted`);
      }
    },
  }),
);

export const addedDriveCases: readonly CaseDefinition[] = [...refusals, hardware];
