/** `-drive`: what each of its options becomes, in every spelling. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { insertedIn } from '../helpers/device-info.ts';
import { KiB, MiB, needs, queryList } from '../helpers/shared-setup.ts';
import { limitsOf, NO_LIMIT } from '../helpers/throttling.ts';

const shown: Needs = { commands: ['query-block'], drivers: ['null-co'], capabilities: ['drives'] };

/** Drives over nodes that hold nothing, by their names, each with further options. */
function drives(name: string, options: Readonly<Record<string, string>>): Topology {
  return {
    name,
    images: [],
    options: Object.entries(options).flatMap(([id, more]) => [
      '-drive',
      `if=none,id=${id},driver=null-co,${more}`,
    ]),
    monitors: 1,
  };
}

/** Direct, without flushes, written back: of each cache mode, and where something is said besides. */
const CACHES: Readonly<
  Record<string, readonly [option: string, direct: boolean, noFlush: boolean, writeback: boolean]>
> = {
  c0: ['cache=none', true, false, true],
  c1: ['cache=off', true, false, true],
  c2: ['cache=directsync', true, false, false],
  c3: ['cache=writeback', false, false, true],
  c4: ['cache=unsafe', false, true, true],
  c5: ['cache=writethrough', false, false, false],
  c6: ['size=64k', false, false, true],
  c7: ['cache.direct=on', true, false, true],
  c8: ['cache.no-flush=on', false, true, true],
  c9: ['cache.writeback=off', false, false, false],
};

const SIZES: Readonly<Record<string, number>> = {
  '512': 512,
  '1024b': 1024,
  '64k': 64 * KiB,
  '64K': 64 * KiB,
  '3M': 3 * MiB,
  '1.5m': 1.5 * MiB,
  '0.5k': 512,
  '2g': 2048 * MiB,
  '1G': 1024 * MiB,
  '3T': 3 * 2 ** 40,
  '2t': 2 * 2 ** 40,
  '1P': 2 ** 50,
  '2p': 2 ** 51,
};

const LIMITS = {
  bps_rd: 1001,
  bps_wr: 1002,
  iops_rd: 11,
  iops_wr: 12,
  bps_rd_max: 2001,
  bps_wr_max: 2002,
  iops_rd_max: 21,
  iops_wr_max: 22,
  bps_rd_max_length: 2,
  bps_wr_max_length: 3,
  iops_rd_max_length: 4,
  iops_wr_max_length: 5,
  iops_size: 4096,
} as const;
const TOTALS = {
  bps: 1003,
  iops: 13,
  bps_max: 2003,
  iops_max: 23,
  bps_max_length: 6,
  iops_max_length: 7,
} as const;

/** The same as told where the length of a burst was not given: a second. */
function ofOneSecond(limits: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(limits).map(([key, value]) => [key, key.endsWith('_length') ? 1 : value]),
  );
}

/** Without the lengths of bursts, which have no old name. */
function withoutLengths(limits: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(limits).filter(([key]) => !key.endsWith('_length')));
}

const pairs = (
  limits: Readonly<Record<string, number>>,
  name: (key: string) => string = (key) => key,
): string =>
  Object.entries(limits)
    .map(([key, value]) => `${name(key)}=${value}`)
    .join();

/** `bps_rd_max` as `-drive` has called it since. */
function newName(key: string): string {
  if (key === 'iops_size') return 'throttling.iops-size';
  const [, unit, direction = '', rest = ''] = /^(bps|iops)(_rd|_wr)?(.*)$/.exec(key)!;
  const which = { '': 'total', _rd: 'read', _wr: 'write' }[direction];
  return `throttling.${unit}-${which}${rest.replaceAll('_', '-')}`;
}

const limited = drives('limited-drives', {
  old: `${pairs(withoutLengths(LIMITS))},group=g`,
  new: `${pairs(LIMITS, newName)},throttling.group=h`,
  'old-total': pairs(withoutLengths(TOTALS)),
  'new-total': pairs(TOTALS, newName),
});

const statistics = drives('counting-drives', {
  default: 'size=64k',
  'no-invalid': 'size=64k,stats-account-invalid=off',
  'no-failed': 'size=64k,stats-account-failed=off',
  on: 'size=64k,stats-account-invalid=on,stats-account-failed=on',
});

const nodes: Topology = {
  name: 'drives-of-every-kind',
  images: [
    { path: 'a,b=c.img', format: 'raw', size: 64 * KiB },
    { path: 'plain.img', format: 'raw', size: 64 * KiB },
  ],
  options: [
    'id=comma,format=raw,file=@DIR@/a,,b=c.img',
    'id=named,format=raw,file=@DIR@/plain.img,node-name=n0,read-only=on',
    'id=old,format=raw,file=@DIR@/plain.img,readonly=on',
    'id=json,file=json:{"driver":"raw",,"file":{"driver":"file",,"filename":"@DIR@/plain.img"}},read-only=on',
    'id=dots,driver=raw,file.driver=file,file.filename=@DIR@/plain.img,file.node-name=below,read-only=on',
    'id=zeroes,driver=null-co,size=64k,detect-zeroes=unmap,discard=unmap',
    'id=hardware,driver=null-co,size=64k,index=7,media=disk,copy-on-read=off,aio=threads',
    'id=empty',
    'id=cd,media=cdrom',
  ].flatMap((option) => ['-drive', `if=none,${option}`]),
  monitors: 1,
};

export const driveOptionCases: readonly CaseDefinition[] = [
  {
    id: 'drive-options/cache',
    title: 'Each cache mode is three switches, and each switch can be given by itself',
    requirements: ['query-block/inserted'],
    needs: shown,
    topology: drives(
      'cached-drives',
      Object.fromEntries(Object.entries(CACHES).map(([id, [option]]) => [id, option])),
    ),
    async run(t: CaseContext) {
      for (const [device, [option, direct, noFlush, writeback]] of Object.entries(CACHES))
        t.equal(
          (await insertedIn(t, device)).cache ?? null,
          { direct, 'no-flush': noFlush, writeback },
          `a drive with ${option} must tell what that is`,
        );
    },
  },
  {
    id: 'drive-options/sizes',
    title: 'A size may be written with a fraction and with every suffix, in both cases of letters',
    requirements: ['blockdev-add/creates-node'],
    needs: shown,
    topology: drives(
      'sized-drives',
      Object.fromEntries(Object.keys(SIZES).map((size, index) => [`s${index}`, `size=${size}`])),
    ),
    async run(t: CaseContext) {
      for (const [index, [text, size]] of Object.entries(SIZES).entries())
        t.contains(
          await insertedIn(t, `s${index}`),
          { image: { 'virtual-size': size } },
          `a size of ${text} must be that many bytes`,
        );
    },
  },
  {
    id: 'drive-options/limits',
    title: 'Each limit of a drive has an old name and a new one, and is told as it was given',
    requirements: ['BlockDeviceInfo/bursts', 'BlockDeviceInfo/group'],
    needs: shown,
    topology: limited,
    async run(t: CaseContext) {
      for (const [device, expected] of [
        ['old', { ...NO_LIMIT, ...ofOneSecond(LIMITS), group: 'g' }],
        ['new', { ...NO_LIMIT, ...LIMITS, group: 'h' }],
        ['old-total', { ...NO_LIMIT, ...ofOneSecond(TOTALS), group: 'old-total' }],
        ['new-total', { ...NO_LIMIT, ...TOTALS, group: 'new-total' }],
      ] as const) {
        t.equal(
          await limitsOf(t, device),
          expected as JsonObject,
          `the drive ${device} must tell its limits, and no others`,
        );
      }
    },
  },
  {
    id: 'drive-options/statistics',
    title:
      'Whether failed and invalid requests are activity is told by each switch for itself; both are by default',
    requirements: ['query-blockstats/account-flags'],
    needs: needs(shown, { commands: ['query-blockstats'] }),
    topology: statistics,
    async run(t: CaseContext) {
      const all = await queryList(t, 'query-blockstats');
      for (const [device, invalid, failed] of [
        ['default', true, true],
        ['no-invalid', false, true],
        ['no-failed', true, false],
        ['on', true, true],
      ] as const) {
        const { stats } = all.find((each) => each.device === device)!;
        t.contains(
          stats ?? null,
          { account_invalid: invalid, account_failed: failed },
          `the drive ${device} must tell what it counts`,
        );
      }
    },
  },
  {
    id: 'drive-options/media',
    title: 'A medium may be given by its name, by JSON or by dots; a drive without any is empty',
    requirements: ['query-block/inserted'],
    needs: needs(shown, { drivers: ['raw', 'file'], capabilities: ['sharedFiles'] }),
    topology: nodes,
    async run(t: CaseContext) {
      const file = `${t.dir}/plain.img`;
      for (const [device, expected] of [
        ['comma', { drv: 'raw', ro: false, file: `${t.dir}/a,b=c.img` }],
        ['named', { drv: 'raw', ro: true, file, 'node-name': 'n0' }],
        ['old', { drv: 'raw', ro: true, file }],
        ['json', { drv: 'raw', ro: true, file }],
        ['dots', { drv: 'raw', ro: true, file }],
        ['zeroes', { drv: 'null-co', detect_zeroes: 'unmap' }],
        ['hardware', { drv: 'null-co', ro: false, detect_zeroes: 'off' }],
      ] as const)
        t.contains(
          await insertedIn(t, device),
          expected as JsonObject,
          `the medium of ${device} must be what was given`,
        );
      const names = (await queryList(t, 'query-named-block-nodes')).map((node) => node['node-name']);
      t.check(names.includes('below'), 'a node that was given by dots must have its name', 'it has not');
      for (const device of ['empty', 'cd']) {
        const drive = (await queryList(t, 'query-block')).find((each) => each.device === device);
        t.check(
          drive !== undefined && !('inserted' in drive),
          'a drive without a medium must be empty',
          'it is not',
        );
      }
    },
  },
];
