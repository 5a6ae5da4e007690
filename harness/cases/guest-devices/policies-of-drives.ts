/** What a drive says about errors holds where its device says nothing, for reads and writes apart; every event is compared with all that the spec has of it. */
import { isJsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { specifiedMembers } from '../helpers/shared-setup.ts';
import { diskImage, FAILS, failingDrive, failingNode, onFailingDisks, start } from './failing-disks.ts';

/** Drives by the options that they and their devices have. The last is a node without drive. */
const PLACES = [
  { name: 'p0', drive: 'rerror=ignore,werror=report', device: '', bus: 'ide.0', unit: 0 },
  { name: 'p1', drive: 'rerror=report,werror=ignore', device: '', bus: 'ide.0', unit: 1 },
  { name: 'p2', drive: 'rerror=stop,werror=ignore', device: ',rerror=report', bus: 'ide.1', unit: 0 },
  { name: 'p3', drive: '', device: '', bus: 'ide.1', unit: 1 },
] as const;

const machine = pc(
  'policies-of-drives',
  PLACES.map(({ name }) => diskImage(name)),
  PLACES.flatMap(({ name, drive, device, bus, unit }) => [
    ...(drive === ''
      ? [
          '-blockdev',
          failingNode(`${name}-bad`, name),
          '-blockdev',
          `driver=raw,node-name=${name}-top,file=${name}-bad`,
        ]
      : ['-drive', failingDrive(name, `${name}-top`, drive)]),
    '-device',
    `ide-hd,id=hd-${name},drive=${drive === '' ? `${name}-top` : name},bus=${bus},unit=${unit}${device}`,
  ]),
);

/** What is done of a failed read, and of a failed write. */
const ACTIONS = [
  ['ignore', 'report'],
  ['report', 'ignore'],
  ['report', 'ignore'],
  ['report', 'report'],
] as const;

export const policiesOfDrives: readonly CaseDefinition[] = [
  {
    id: 'BLOCK_IO_ERROR/policies-of-drives',
    title:
      "A drive's own policies, of reads and of writes, hold where its device has none; without any, errors are told",
    requirements: [
      'BLOCK_IO_ERROR/action',
      'BLOCK_IO_ERROR/operation',
      'BLOCK_IO_ERROR/device',
      'BLOCK_IO_ERROR/node-name',
      'BlockErrorAction/ignore',
      'BlockErrorAction/report',
    ],
    needs: onFailingDisks,
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      for (const [index, { name, drive, bus, unit }] of PLACES.entries()) {
        const guest = new IdeDrive(t, bus, unit);
        for (const [at, operation] of (['read', 'write'] as const).entries()) {
          const action = ACTIONS[index]![at]!;
          const { ok } =
            operation === 'read' ? await guest.read(FAILS.read) : await guest.write(FAILS.write, 1);
          t.equal(ok, action === 'ignore', `a failed ${operation} of ${name} must be ${action}d`);
          const { data = null } = await t.event('BLOCK_IO_ERROR');
          const type = t.schema.events.get('BLOCK_IO_ERROR')!.data;
          const {
            reason: _,
            nospace = false,
            ...rest
          } = specifiedMembers(type, isJsonObject(data) ? data : {});
          t.equal(
            { ...rest, nospace },
            {
              device: drive === '' ? '' : name,
              'node-name': `${name}-top`,
              operation,
              action,
              nospace: false,
            },
            `BLOCK_IO_ERROR must tell of a failed ${operation} of ${name}`,
          );
        }
      }
      await t.roundTrip();
      const names = t.pending().map(({ event }) => event);
      t.equal(names, [], 'nothing else must come, and the machine must run on');
    },
  },
];
