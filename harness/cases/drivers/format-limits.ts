/** Images of other formats with one thing changed: what makes no image is refused, what lies within the limits is taken. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { rewriteFile } from '../helpers/image-files.ts';
import { patched } from '../helpers/made-formats/bytes.ts';
import type { FormatLimits, Limit } from '../helpers/made-formats/limits.ts';
import { parallelsLimits, qcowLimits, qedLimits } from '../helpers/made-formats/limits-of-tables.ts';
import { fixedVpcLimits, vdiLimits, vpcLimits } from '../helpers/made-formats/limits-of-vhd.ts';
import { vhdxLimits } from '../helpers/made-formats/limits-of-vhdx.ts';
import { vmdkLimits } from '../helpers/made-formats/limits-of-vmdk.ts';
import { checkAbsent, fileNodes, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

async function checkLimits(t: CaseContext, make: () => FormatLimits): Promise<void> {
  const { driver, sound, size, limits, mend = (image: Buffer) => image } = make();
  const file = await makeFile(t, 0);
  const node = t.name(driver);
  const options = { driver, 'node-name': node, file: { driver: 'file', filename: file.path } };
  const opens = async (readOnly: boolean) => {
    const { error } = await t.request({
      execute: 'blockdev-add',
      arguments: { ...options, 'read-only': readOnly },
    });
    return error === undefined;
  };
  const judge = async ({ what, image, opens: expected, size: told = size }: Limit) => {
    await rewriteFile(file.local, Buffer.isBuffer(image) ? image : mend(patched(sound, image)));
    const readOnly = expected === 'reading';
    if (readOnly) t.check(!(await opens(false)), `${what}: it must not be written`, 'it is opened for that');
    const isTaken = await opens(readOnly);
    const must = expected === false ? 'must be refused' : 'must be taken';
    t.check(isTaken === (expected !== false), `${what}: ${must}`, `it is ${isTaken ? 'taken' : 'refused'}`);
    if (!isTaken) return;
    const { image: shown } = (await nodeInfo(t, node)) as { image: JsonObject };
    t.equal(shown['virtual-size'] ?? null, told, `${what}: the disk must be as long as that says`);
    t.check(shown['dirty-flag'] !== true, `${what}: the image must not be dirty`, 'it is told to be');
    await t.execute('blockdev-del', { 'node-name': node });
  };
  await judge({ what: 'the sound image', image: [], opens: true });
  for (const limit of limits) await judge(limit);
  await checkAbsent(t, node);
}

function limitsCase(driver: string, make: () => FormatLimits, variant = ''): CaseDefinition {
  return {
    id: `formats/${driver}${variant}-limits`,
    title: `Each field of a ${driver}${variant} image is taken up to its limits, and makes no image beyond them`,
    requirements: ['formats/garbage', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(fileNodes, { drivers: [driver] }),
    run: (t: CaseContext) => checkLimits(t, make),
  };
}

/** The cases of these limits. */
export const formatLimits: readonly CaseDefinition[] = [
  limitsCase('vmdk', vmdkLimits),
  limitsCase('vhdx', vhdxLimits),
  limitsCase('vpc', vpcLimits),
  limitsCase('vpc', fixedVpcLimits, '-fixed'),
  limitsCase('vdi', vdiLimits),
  limitsCase('qed', qedLimits),
  limitsCase('parallels', parallelsLimits),
  limitsCase('qcow', qcowLimits),
];
