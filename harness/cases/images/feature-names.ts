/** Names that an image's header gives to features: what a refusal calls a feature that the endpoint does not know. */
import { EXTENSION, HEADER_LENGTH, INCOMPATIBLE } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { CHAIN_SIZE, CLUSTER, chainNodes } from '../helpers/backing-chains.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { makeFile } from '../helpers/shared-setup.ts';

/** Types of features in the table. */
const TYPE = { incompatible: 0, compatible: 1 } as const;
/** Nobody knows it. */
const BIT = 40;

/** The table of names as it stands in a header. */
function tableOf(names: readonly (readonly [type: number, bit: number, name: string])[]): Buffer {
  const table = Buffer.alloc(8 + names.length * 48);
  table.writeUInt32BE(EXTENSION.featureNames, 0);
  table.writeUInt32BE(names.length * 48, 4);
  for (const [index, [type, bit, name]] of names.entries()) {
    table.set([type, bit], 8 + index * 48);
    table.write(name, 10 + index * 48);
  }
  return table;
}

export const featureNames: readonly CaseDefinition[] = [
  {
    id: 'hostile-images/feature-names',
    title: 'The refusal of an unknown feature calls it by the name that the header gives it among others',
    requirements: ['qcow2/feature-names'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const named = [
        [TYPE.compatible, BIT, 'a harmless one'],
        [TYPE.incompatible, BIT, 'rings on Saturn'],
        [TYPE.incompatible, BIT + 1, 'another one'],
      ] as const;
      const plain = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER });
      const [harmless, rings, another] = named;
      const tables = [
        [harmless, rings, another],
        [rings, another, harmless],
        [another, harmless, rings],
        [rings],
        [],
      ];
      for (const names of tables)
        for (const isUsed of [true, false]) {
          const bytes = Buffer.from(plain);
          if (isUsed) bytes.writeBigUInt64BE(1n << BigInt(BIT), INCOMPATIBLE.at);
          bytes.set(tableOf(names), HEADER_LENGTH);
          const file = await makeFile(t, bytes);
          const args = {
            driver: 'qcow2',
            'node-name': t.name('named'),
            file: { driver: 'file', filename: file.path },
          };
          if (isUsed)
            await t.refused('blockdev-add', args, {
              text: names.length > 0 ? /feature\(s\): rings on Saturn$/ : /feature: 10000000000$/,
            });
          else await t.execute('blockdev-add', args);
        }
    },
  },
];
