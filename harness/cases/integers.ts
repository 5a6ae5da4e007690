/** Integers on the wire: how they are written, and how large they may be. */
import { isJsonObject, stringifyJson } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addNode,
  addRaw,
  checkAbsent,
  dataNodes,
  dataSource,
  fileNodes,
  KiB,
  MiB,
  needs,
  nodeInfo,
  virtualSize,
} from './helpers/shared-setup.ts';
import { needRegular } from './protocol-habits.ts';
import { echoed, only } from './syntax.ts';

const resizeTo = (node: string, size: string) =>
  `{"execute":"block_resize","arguments":{"node-name":"${node}","size":${size}}}\n`;

/** States that these sizes are refused for their form, and that the node gets one that is written as an integer. */
async function refusedSizes(t: CaseContext, sizes: readonly string[]): Promise<void> {
  const { name } = await addRaw(t, MiB);
  for (const size of sizes) await refusedSize(t, name, size);
  t.equal(await virtualSize(t, name), MiB, 'the node must keep its size after a refusal');
  t.contains(
    only(t, await t.raw(resizeTo(name, '2097152'))),
    { return: {} },
    'a size that is written as an integer must be taken',
  );
  t.equal(await virtualSize(t, name), 2 * MiB, 'the node must have the size that it was given');
}

async function refusedSize(t: CaseContext, node: string, size: string): Promise<void> {
  const { error } = only(t, await t.raw(resizeTo(node, size)));
  t.check(isJsonObject(error), `${size} must be refused where an int is wanted`, 'it was accepted');
  t.equal(
    error.class ?? null,
    'GenericError',
    `${size} must be refused with GenericError where an int is wanted`,
    { path: '$.error.class' },
  );
  t.check(
    /'size'/.test(String(error.desc)),
    `the refusal of ${size} must name the member 'size'`,
    `it says '${String(error.desc)}'`,
    {
      severity: 'text',
      path: '$.error.desc',
    },
  );
}

export const integers: readonly CaseDefinition[] = [
  {
    id: 'syntax/integer-form',
    title: 'A number with a fraction or an exponent is no integer, even where its value is whole',
    requirements: ['schema/integer-form'],
    needs: needs(fileNodes, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      needRegular(t, 'counts');
      await refusedSizes(t, ['1.0', '1e3', '2097152.0', '1E0', '0.5']);
    },
  },
  {
    id: 'syntax/integer-form-changes-nothing',
    title: 'An integer written with a fraction does not create anything',
    requirements: ['schema/integer-form', 'schema/refused-before-effects'],
    needs: needs(dataNodes, { drivers: ['raw'] }),
    async run(t: CaseContext) {
      needRegular(t, 'counts');
      const [name, file] = [t.name('node'), stringifyJson(await dataSource(t))];
      const add = async (size: string) =>
        only(
          t,
          await t.raw(
            `{"execute":"blockdev-add","arguments":{"driver":"raw","node-name":"${name}","size":${size},"file":${file}}}\n`,
          ),
        );
      t.contains(
        await add('524288.0'),
        { error: { class: 'GenericError' } },
        'a size of 524288.0 must be refused with GenericError',
      );
      await checkAbsent(t, name);
      t.contains(await add('524288'), { return: {} }, 'the same without a fraction must be taken');
      t.equal(await virtualSize(t, name), 512 * KiB, 'the node must have the size that it was given');
      await t.execute('blockdev-del', { 'node-name': name });
    },
  },
  {
    id: 'syntax/integer-as-text',
    title: 'A string of digits is refused where an integer is wanted; the integer itself is taken',
    requirements: ['schema/member-type'],
    needs: needs(fileNodes, { commands: ['block_resize'] }),
    run: (t: CaseContext) => refusedSizes(t, ['"2097152"', '"0x200000"', '"-1"', '""']),
  },
  {
    id: 'syntax/int64-range',
    title: 'Integers below and above the int64 range are refused where an int is wanted',
    requirements: ['schema/integer-range'],
    needs: needs(fileNodes, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      needRegular(t, 'counts');
      const sizes = ['9223372036854775808', '-9223372036854775809', '18446744073709551616'];
      await refusedSizes(t, sizes);
      // That of a node that is there is checked further, and might be refused for what it became.
      for (const size of sizes) await refusedSize(t, t.name('nothing'), size);
    },
  },
  {
    id: 'syntax/int64-extremes',
    title: 'The least and the greatest int64 come back digit by digit',
    requirements: ['protocol/integers-are-exact'],
    async run(t: CaseContext) {
      needRegular(t, 'ids');
      await echoed(t, '9223372036854775807', 9223372036854775807n);
      await echoed(t, '-9223372036854775808', -9223372036854775808n);
      await echoed(t, '18446744073709551615', 18446744073709551615n);
      await echoed(t, '9007199254740993', 9007199254740993n);
    },
  },
  {
    id: 'syntax/uint64-as-negative',
    title:
      'A uint64 may be written as the negative int64 of the same bits: both forms set the same threshold',
    requirements: ['schema/uint64-takes-negative', 'block-set-write-threshold/not-negative'],
    needs: needs(dataNodes, { commands: ['block-set-write-threshold'] }),
    async run(t: CaseContext) {
      const node = await addNode(t);
      const thresholdOf = async (threshold: number | bigint) => {
        // None between, so that each is seen to be set.
        for (const set of [0, threshold])
          await t.execute('block-set-write-threshold', { 'node-name': node, 'write-threshold': set });
        return (await nodeInfo(t, node)).write_threshold ?? null;
      };
      for (const negative of [-1, -(2 ** 32)])
        t.equal(
          await thresholdOf(negative),
          await thresholdOf(2n ** 64n + BigInt(negative)),
          'a negative integer must be the uint64 of its bits',
        );
    },
  },
];
