/** Guest devices as they are told: each property of each model, places on buses, the tree of objects, and who goes when. */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { queryList } from '../helpers/shared-setup.ts';
import { stepsOf } from './scenes/play.ts';
import { playPlugging } from './scenes/plug.ts';
import * as plugging from './scenes/plug-scenes.ts';
import { types, values } from './scenes/property-values.ts';
import { plugMachine, propertyMachine } from './scenes/topology.ts';

/** Types by name of property. */
const TYPES = new Map(
  stepsOf(types).flatMap((line) => {
    const [type = '', ...names] = line.split(' ');
    return names.map((name): [string, string] => [name, type]);
  }),
);

/** What an object tells of these properties, in the form of the values. */
async function told(t: CaseContext, path: string, names: readonly string[]): Promise<string> {
  const listed = await queryList(t, 'qom-list', { path });
  const seen: string[] = [];
  for (const name of names) {
    const value = await t.execute('qom-get', { path, property: name });
    const type = listed.find((one) => one.name === name)?.type;
    const expected = TYPES.get(name);
    seen.push(
      type === undefined || (expected !== undefined && type !== expected)
        ? `${name} of type ${stringifyJson(type ?? null)}`
        : `${name}=${stringifyJson(value)}`,
    );
  }
  return [path, ...seen].join(' ');
}

/** Device of `propertyMachine`: where it is, removable, whether it has a tray, its node, and whether that may keep writes. */
const DEVICES: readonly (readonly [string, boolean, boolean, string | null, boolean | null])[] = [
  ['/machine/peripheral/vd/virtio-backend', false, false, 'n2', true],
  ['/machine/peripheral/vd2/virtio-backend', false, false, 'n3', false],
  ['hd', false, false, 'n4', true],
  ['cd', true, true, null, null],
  ['hd2', true, true, 'n6', true],
  ['cd2', true, true, null, null],
  ['ide', false, false, 'n8', true],
  ['ide2', false, false, 'n9', false],
  ['idecd', true, true, null, null],
  ['idecd2', true, true, null, null],
  ['fd', true, false, null, null],
  ['fd2', true, false, null, null],
  ['/machine/peripheral/stick/stick.0/legacy[0]', false, false, 'n15', true],
  ['/machine/peripheral/stick2/stick2.0/legacy[0]', true, true, 'n16', true],
  ['/machine/peripheral-anon/device[0]', true, true, null, null],
];

/** Paths, and the QOM type of what they lead to; null: an error. */
const PATHS: readonly (readonly [string, string | null])[] = [
  ['/', 'container'],
  ['/chardevs', 'container'],
  ['/objects', 'container'],
  ['/machine/peripheral', 'container'],
  ['/machine/unattached', 'container'],
  ['//machine//peripheral/hd/', 'scsi-hd'],
  ['peripheral/hd', 'scsi-hd'],
  ['hd', 'scsi-hd'],
  ['io0', 'iothread'],
  ['scsi2/virtio-backend/scsi2.0', 'SCSI'],
  ['', null],
  ['nope', null],
  ['/nope', null],
  ['/peripheral/hd', null],
  ['virtio-backend', null],
];

/** What is asked to go, and which error says that it cannot, or the path of what goes at once. */
const GOING: readonly (readonly [string, 'GenericError' | 'DeviceNotFound' | null, string?])[] = [
  ['nope', 'DeviceNotFound'],
  ['/nope', 'DeviceNotFound'],
  ['/machine', 'GenericError'],
  ['/machine/peripheral', 'GenericError'],
  ['/machine/peripheral-anon', 'GenericError'],
  ['/machine/unattached', 'GenericError'],
  ['/chardevs', 'GenericError'],
  ['/objects', 'GenericError'],
  ['/objects/io0', 'GenericError'],
  ['/objects/io1', 'DeviceNotFound'],
  ['/', 'GenericError'],
  ['ide', 'GenericError'],
  ['fd', 'GenericError'],
  ['hd', null, '/machine/peripheral/hd'],
  ['hd', 'DeviceNotFound'],
  ['/machine/peripheral/cd', null, '/machine/peripheral/cd'],
  ['//machine/peripheral//hd2/', null, '/machine/peripheral/hd2'],
  ['/machine/peripheral-anon/device[0]', null, '/machine/peripheral-anon/device[0]'],
  ['stick', null, '/machine/peripheral/stick'],
  ['vd', null],
  ['vd', 'GenericError'],
  ['lsi', null],
];

/** Where devices are that have an id. */
const NAMED = '/machine/peripheral/';

/** DEVICE_DELETED must come of the device at this path, with its id if it has one. */
async function goes(t: CaseContext, path: string): Promise<void> {
  const { data } = await t.event('DEVICE_DELETED', { path });
  const { device = null } = data as JsonObject;
  const id = path.startsWith(NAMED) ? path.slice(NAMED.length) : null;
  t.equal(device, id, 'DEVICE_DELETED must tell the id of a device that has one');
}

/** Of which devices, but not of which parts of them, DEVICE_DELETED tells besides: their paths. */
async function gone(t: CaseContext): Promise<Json[]> {
  await t.roundTrip();
  const deleted = t.pending().filter(({ event }) => event === 'DEVICE_DELETED');
  const paths = deleted.map(({ data = null }) => (isJsonObject(data) ? (data.path ?? null) : null));
  return paths.filter((path) => String(path).split('/').length === NAMED.split('/').length);
}

const plugs = {
  commands: ['device_add', 'device_del', 'qom-get', 'blockdev-add'],
  events: ['DEVICE_DELETED'],
};

function plugged(what: string, title: string, scene: string): CaseDefinition {
  return {
    id: `device_add/${what}`,
    title,
    requirements: ['guest-drives/plugging'],
    needs: { ...plugs, drivers: ['null-co'] },
    topology: plugMachine,
    fresh: true,
    run: (t: CaseContext) => playPlugging(t, scene),
  };
}

function essence(info: JsonObject): Json[] {
  const inserted = isJsonObject(info.inserted ?? null) ? (info.inserted as JsonObject) : undefined;
  const cache = isJsonObject(inserted?.cache ?? null) ? (inserted!.cache as JsonObject) : undefined;
  return [
    info.qdev ?? null,
    info.removable ?? null,
    'tray_open' in info,
    inserted?.['node-name'] ?? null,
    cache?.writeback ?? null,
  ];
}

/** Objects by their options, and properties of each with their types. */
const OBJECTS: Readonly<Record<string, JsonObject>> = {
  'throttle-group,id=group': {
    type: 'string',
    limits: 'ThrottleLimits',
    'x-iops-size': 'int',
    ...Object.fromEntries(
      ['bps', 'iops'].flatMap((kind) =>
        ['total', 'read', 'write'].flatMap((direction) =>
          ['', '-max', '-max-length'].map((end) => [`x-${kind}-${direction}${end}`, 'int']),
        ),
      ),
    ),
  },
  'iothread,id=thread': { type: 'string', 'poll-grow': 'int', 'poll-max-ns': 'int', 'poll-shrink': 'int' },
};

const objectMachine: Topology = {
  name: 'objects-with-properties',
  images: [],
  options: Object.keys(OBJECTS).flatMap((options) => ['-object', options]),
  monitors: 1,
};

/** In the order of the parts of a theme. */
export const toldOfDevices: readonly CaseDefinition[] = [
  {
    id: 'qom-get/properties-of-devices',
    title:
      'Each property of each model of devices is told with its type, as it was given or as it is by itself',
    requirements: ['guest-drives/properties'],
    needs: { commands: ['qom-get', 'qom-list'] },
    topology: propertyMachine,
    fresh: true,
    async run(t: CaseContext) {
      for (const line of stepsOf(values)) {
        const [path = '', ...properties] = line.split(' ');
        const names = properties.map((property) => property.slice(0, property.indexOf('=')));
        t.equal(
          (await told(t, path, names)).split(' '),
          line.split(' '),
          `${path} must tell its properties as they are`,
        );
      }
    },
  },
  {
    id: 'qom-get/properties-of-objects',
    title: 'Properties of throttle groups and I/O threads are listed with their types, and each can be read',
    requirements: ['guest-drives/properties'],
    needs: { commands: ['qom-get', 'qom-list'], objects: ['throttle-group', 'iothread'] },
    topology: objectMachine,
    async run(t: CaseContext) {
      for (const [options, wanted] of Object.entries(OBJECTS)) {
        const path = `/objects/${options.replace(/.*id=/, '')}`;
        const listed = await queryList(t, 'qom-list', { path });
        const found = Object.fromEntries(listed.map(({ name, type = null }) => [String(name), type]));
        t.contains(found, wanted, `the properties of ${path} must be listed with their types`);
        for (const property of Object.keys(wanted)) await t.execute('qom-get', { path, property });
      }
    },
  },
  {
    id: 'qom-get/paths',
    title: 'An object is found by its whole path, and by as many of its last names as no other has',
    requirements: ['guest-drives/properties'],
    needs: { commands: ['qom-get', 'qom-list', 'qom-set'] },
    topology: propertyMachine,
    fresh: true,
    async run(t: CaseContext) {
      const seen: [string, Json][] = [];
      for (const [path] of PATHS) {
        const reply = await t.request({ execute: 'qom-get', arguments: { path, property: 'type' } });
        seen.push([path, reply.return ?? null]);
      }
      t.equal(seen, PATHS as unknown as Json, 'a path must lead to the one object that it names');
      for (const path of ['', 'virtio-backend']) await t.refused('qom-list', { path });
      for (const path of ['nope', '/nope'])
        await t.refused('qom-list', { path }, { class: 'DeviceNotFound' });
      await t.refused('qom-get', { path: 'hd', property: 'nope' });
      for (const [path, property] of [
        ['hd', 'serial'],
        ['hd', 'type'],
        ['hd', 'nope'],
        ['vd2', 'rerror'],
        ['/machine/peripheral', 'hd'],
      ])
        await t.refused('qom-set', { path: path!, property: property!, value: 'stop' });
      t.equal(
        await t.execute('qom-get', { path: 'hd2', property: 'serial' }),
        'b',
        'a device must keep its properties',
      );
    },
  },
  {
    id: 'query-block/each-model',
    title:
      'Each device is listed once, with its node, removable or not, and with a tray where its model has one',
    requirements: ['query-block/every-device', 'query-block/removable', 'query-block/tray'],
    needs: { commands: ['query-block'] },
    topology: propertyMachine,
    fresh: true,
    async run(t: CaseContext) {
      const listed = await queryList(t, 'query-block');
      t.equal(listed.map(essence), DEVICES as unknown as Json, 'query-block must list each device as it is');
      const stopping = listed.filter((info) => info['io-status'] === 'ok').map(({ qdev }) => String(qdev));
      for (const qdev of ['hd2', 'cd2', 'ide2', 'idecd2', DEVICES[1]![0], DEVICES[13]![0]])
        t.check(stopping.includes(qdev), `the io-status of ${qdev} must be ok`, 'it is not');
      for (const qdev of ['fd', 'fd2'])
        t.check(!stopping.includes(qdev), `${qdev} must have no io-status`, 'it has one');
    },
  },
  {
    id: 'device_del/who-goes',
    title: 'What is no device, or on a bus that keeps its devices, does not go; on PCI the guest lets it go',
    requirements: ['guest-drives/unplugging', 'DEVICE_DELETED/emitted'],
    needs: { commands: ['device_del', 'qom-get', 'system_reset', 'query-block'], events: ['DEVICE_DELETED'] },
    topology: propertyMachine,
    fresh: true,
    async run(t: CaseContext) {
      for (const [id, refusal, path] of GOING) {
        if (refusal === null) await t.execute('device_del', { id });
        else await t.refused('device_del', { id }, { class: refusal });
        if (path !== undefined) await goes(t, path);
        t.equal(await gone(t), [], 'DEVICE_DELETED must come once of each device that goes, and of no other');
      }
      t.equal(
        await t.execute('qom-get', { path: 'vd', property: 'type' }),
        'virtio-blk-pci',
        'a device on PCI must stay until its guest lets it go',
      );
      await t.execute('system_reset');
      for (const id of ['vd', 'lsi']) await goes(t, `${NAMED}${id}`);
      t.equal(await gone(t), [], 'DEVICE_DELETED must come once of what its guest has let go');
      await t.refused('qom-get', { path: 'vd', property: 'type' }, { class: 'DeviceNotFound' });
      t.equal(
        (await queryList(t, 'query-block')).map(({ qdev }) => qdev ?? null),
        DEVICES.map(([qdev]) => qdev).filter((qdev) => !/^(hd2?|cd)$|vd\/|stick\/|anon/.test(qdev)),
        'query-block must list the devices that are left',
      );
    },
  },
  plugged(
    'places-on-scsi',
    'A device gets the target and unit that it asks for, or the first that is free, as far as the bus goes',
    plugging.scsiPlaces,
  ),
  plugged(
    'places-on-pci',
    'A device gets the slot that it asks for, or the first that is free, until all are taken',
    plugging.pciPlaces,
  ),
  plugged(
    'values-of-properties',
    'Values of properties are taken up to their bounds, and refused beyond',
    plugging.values,
  ),
  plugged(
    'forms-of-values',
    'An empty drive and I/O thread are none; texts are taken for numbers and switches in each of their forms',
    plugging.forms,
  ),
];
