/** Groups as objects: which limits are refused, and which nodes may use them. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { nodeBytes, readNode, writeNode } from '../helpers/node-io.ts';
import { addNode, addRaw, checkAbsent, fileNodes, KiB, needs, nodeInfo } from '../helpers/shared-setup.ts';
import {
  addAbove,
  addGroup,
  addThrottled,
  GROUP_LIMITS,
  groupOf,
  throttleNodes,
} from '../helpers/throttling.ts';

const MEGA = 1_000_000;

/** What a group tells that has no limits. */
const UNLIMITED: JsonObject = {
  'iops-size': 0,
  ...Object.fromEntries(
    GROUP_LIMITS.flatMap((name) => [
      [name, 0],
      [`${name}-max`, 0],
      [`${name}-max-length`, 1],
    ]),
  ),
};

/** States that a group with `wrong` limits is refused and not there, and that the same group with `right` ones is made. */
async function refusedGroup(t: CaseContext, wrong: JsonObject, right: JsonObject): Promise<void> {
  const id = t.name('group');
  await t.refused('object-add', groupOf(t, id, wrong));
  await t.refused('object-del', { id });
  await t.execute('object-add', groupOf(t, id, right));
  const node = await addThrottled(t, id);
  await nodeInfo(t, node);
  await t.execute('blockdev-del', { 'node-name': node });
  await t.execute('object-del', { id });
}

export const throttleGroups: readonly CaseDefinition[] = [
  {
    id: 'throttle-group/combinations',
    title: 'Limits that contradict one another make no group; each of them alone does',
    requirements: ['ThrottleLimits/combinations'],
    needs: throttleNodes,
    async run(t: CaseContext) {
      for (const kind of ['bps', 'iops'])
        for (const part of ['read', 'write'])
          await refusedGroup(
            t,
            { [`${kind}-total`]: 1000, [`${kind}-${part}`]: 1000 },
            { [`${kind}-${part}`]: 1000 },
          );
      for (const name of GROUP_LIMITS) {
        await refusedGroup(t, { [`${name}-max`]: 1000 }, { [name]: 10, [`${name}-max`]: 1000 });
        await refusedGroup(t, { [name]: 1000, [`${name}-max`]: 10 }, { [name]: 10, [`${name}-max`]: 1000 });
        await refusedGroup(t, { [name]: -1 }, { [name]: 1 });
      }
    },
  },
  {
    id: 'throttle-group/length-needs-burst',
    title: 'The length of a burst is refused without its burst limit, for each of the six',
    requirements: ['ThrottleLimits/length-needs-burst'],
    needs: throttleNodes,
    async run(t: CaseContext) {
      for (const name of GROUP_LIMITS)
        await refusedGroup(
          t,
          { [name]: 10, [`${name}-max-length`]: 5 },
          { [name]: 10, [`${name}-max`]: 1000, [`${name}-max-length`]: 5 },
        );
    },
  },
  {
    id: 'throttle-group/burst-bounds',
    title: 'A burst that takes too long for its limit makes no group, nor does one of less than no time',
    requirements: ['ThrottleLimits/burst'],
    needs: throttleNodes,
    async run(t: CaseContext) {
      for (const name of GROUP_LIMITS) {
        const burst = { [name]: 10, [`${name}-max`]: 1e9 };
        const right = { ...burst, [`${name}-max-length`]: 1e5 };
        for (const length of [1e7, -1])
          await refusedGroup(t, { ...burst, [`${name}-max-length`]: length }, right);
        const slow = { [name]: 10, [`${name}-max`]: 11 };
        const longest = { ...slow, [`${name}-max-length`]: 2 ** 32 - 1 };
        await refusedGroup(t, { ...slow, [`${name}-max-length`]: 2 ** 32 }, longest);
      }
    },
  },
  {
    id: 'throttle-group/missing-keeps',
    title: 'Setting one limit of a group leaves its other limits as they are',
    requirements: ['ThrottleLimits/missing-keeps'],
    needs: needs(throttleNodes, { commands: ['qom-set', 'qom-get'] }),
    async run(t: CaseContext) {
      const id = await addGroup(t, { 'bps-total': MEGA, 'iops-total': 50, 'iops-total-max': 60 });
      const limits = { path: id, property: 'limits' };
      await t.execute('qom-set', { ...limits, value: { 'bps-total': 2 * MEGA } });
      t.contains(
        await t.execute('qom-get', limits),
        { 'bps-total': 2 * MEGA, 'iops-total': 50, 'iops-total-max': 60, 'bps-read': 0 },
        'a limit that is not given must keep its value',
      );
    },
  },
  {
    id: 'throttle-group/each-limit-alone',
    title: 'Each limit of a group is set alone, to another value or to none, and no other changes with it',
    requirements: ['ThrottleLimits/missing-keeps', 'ThrottleLimits/combinations'],
    needs: needs(throttleNodes, { commands: ['qom-set', 'qom-get'] }),
    async run(t: CaseContext) {
      for (const parts of [['total'], ['read', 'write']]) {
        const names = ['bps', 'iops'].flatMap((kind) => parts.map((part) => `${kind}-${part}`));
        const limits: Record<string, number> = { 'iops-size': 512 };
        for (const name of names)
          Object.assign(limits, { [name]: 1000, [`${name}-max`]: 2000, [`${name}-max-length`]: 3 });
        const group = { path: await addGroup(t, limits), property: 'limits' };
        const shows = async (): Promise<void> =>
          t.contains(
            await t.execute('qom-get', group),
            { ...UNLIMITED, ...limits },
            'each limit must be what was set last of it',
          );
        const set = async (value: Record<string, number>): Promise<void> => {
          await t.execute('qom-set', { ...group, value });
          Object.assign(limits, value);
          await shows();
        };
        await shows();
        for (const name of Object.keys(limits)) await set({ [name]: limits[name]! + 1 });
        for (const name of names)
          for (const wrong of [
            { [parts[0] === 'total' ? name.replace('total', 'read') : name.replace(/-.*/, '-total')]: 1 },
            { [name]: 3000 },
            { [name]: 0 },
            { [`${name}-max`]: 1000 },
            { [`${name}-max`]: 0 },
            { [`${name}-max`]: -1 },
            { [`${name}-max-length`]: 0 },
          ]) {
            await t.refused('qom-set', { ...group, value: wrong });
            await shows();
          }
        await set({ 'iops-size': 0 });
        for (const name of names)
          for (const none of [{ [`${name}-max-length`]: 1 }, { [`${name}-max`]: 0 }, { [name]: 0 }])
            await set(none);
      }
    },
  },
  {
    id: 'throttle-group/refusals-change-nothing',
    title: 'Whatever is refused of a group, all of its limits stay, and its id; what is taken changes them',
    requirements: ['ThrottleLimits/missing-keeps', 'ThrottleLimits/combinations'],
    needs: needs(throttleNodes, { commands: ['qom-set', 'qom-get'] }),
    async run(t: CaseContext) {
      const id = await addGroup(t, { 'bps-total': MEGA, 'iops-total': 50, 'iops-total-max': 60 });
      const [limits, other] = [
        { path: id, property: 'limits' },
        { path: await addGroup(t, { 'bps-read': 2 * MEGA }), property: 'limits' },
      ];
      const node = await addThrottled(t, id);
      const state = async (): Promise<Json> => [
        await t.execute('qom-get', limits),
        await t.execute('qom-get', other),
      ];
      const before = await state();
      for (const value of [
        { 'bps-total': 2 * MEGA, 'iops-total': -1 },
        { 'bps-total': 2 * MEGA, 'bps-write': MEGA },
        { 'bps-total': 2 * MEGA, 'bps-total-max-length': 5 },
        { 'bps-total': 2 * MEGA, 'iops-total-max': 10 },
        { 'bps-total': 2 * MEGA, 'iops-total-max-length': 0 },
        { 'bps-total': 2 * MEGA, 'iops-total': '60' },
        { 'bps-total': 2 * MEGA, nonsense: 1 },
        [],
        7,
      ]) {
        await t.refused('qom-set', { ...limits, value });
        t.equal(await state(), before, 'limits that are refused must change none');
      }
      for (const [command, args] of [
        ['object-add', groupOf(t, id, { 'bps-total': 2 * MEGA })],
        ['object-add', groupOf(t, id, { 'bps-total': 2 * MEGA, 'bps-read': 1 })],
        ['object-del', { id }],
        ['qom-set', { path: id, property: 'nonsense', value: 1 }],
        ['qom-set', { path: t.name('none'), property: 'limits', value: { 'bps-total': 1 } }],
      ] as const) {
        const { error } = await t.request({ execute: command, arguments: args });
        t.check(error !== undefined, `${command} must be refused`, 'it is done');
        t.equal(await state(), before, `${command} that is refused must change no limits`);
      }
      await t.execute('qom-set', { ...limits, value: { 'bps-total': 2 * MEGA } });
      t.contains(
        await state(),
        [{ 'bps-total': 2 * MEGA, 'iops-total': 50, 'iops-total-max': 60 }, { 'bps-read': 2 * MEGA }],
        'limits that are taken must change the group that they are for',
      );
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'throttle/group-exists',
    title:
      'A throttle node is refused without a group that exists, and one that is refused does not hold its group',
    requirements: ['BlockdevOptionsThrottle/group-exists'],
    needs: throttleNodes,
    async run(t: CaseContext) {
      const [file, node, group] = [
        await addNode(t),
        t.name('throttle'),
        await addGroup(t, { 'bps-total': MEGA }),
      ];
      const options = { driver: 'throttle', 'node-name': node, file };
      for (const wrong of [{ 'throttle-group': t.name('nothing') }, { 'throttle-group': '' }, {}]) {
        await t.refused('blockdev-add', { ...options, ...wrong });
        await checkAbsent(t, node);
      }
      await t.execute('blockdev-add', { ...options, 'throttle-group': group });
      await t.execute('blockdev-del', { 'node-name': node });
      for (const wrong of [t.name('nothing'), { driver: 'throttle', 'throttle-group': group, file: node }]) {
        await t.refused('blockdev-add', { ...options, 'throttle-group': group, file: wrong });
        await checkAbsent(t, node);
      }
      await t.execute('object-del', { id: group });
    },
  },
  {
    id: 'throttle/group-in-use',
    title: 'A group is not deleted while a node uses it',
    requirements: ['BlockdevOptionsThrottle/group-exists'],
    needs: throttleNodes,
    async run(t: CaseContext) {
      const group = await addGroup(t, { 'bps-total': MEGA });
      const nodes = [await addThrottled(t, group), await addThrottled(t, group)];
      for (const node of nodes) {
        await t.refused('object-del', { id: group });
        await t.execute('blockdev-del', { 'node-name': node });
      }
      t.equal(await t.execute('object-del', { id: group }), {}, 'object-del must return an empty object');
    },
  },
  {
    id: 'throttle/passes-data',
    title: 'What is written through a throttle node is in the node below, and is read back through it',
    requirements: ['BlockdevOptionsThrottle/file'],
    needs: needs(throttleNodes, fileNodes, nodeBytes),
    async run(t: CaseContext) {
      const { name: below } = await addRaw(t, 128 * KiB);
      const node = await addAbove(t, await addGroup(t, { 'bps-total': 64 * MEGA }), below);
      await writeNode(t, node, 64 * KiB, 4 * KiB, 0x5a);
      const through = await readNode(t, node, 60 * KiB, 12 * KiB);
      const expected = Buffer.alloc(12 * KiB).fill(0x5a, 4 * KiB, 8 * KiB);
      t.check(
        through.equals(expected),
        'a throttle node must hold what was written to it',
        'it has other bytes',
      );
      await t.execute('blockdev-del', { 'node-name': node });
      const direct = await readNode(t, below, 60 * KiB, 12 * KiB);
      t.check(
        direct.equals(expected),
        'the node below must hold what was written above',
        'it has other bytes',
      );
    },
  },
];
