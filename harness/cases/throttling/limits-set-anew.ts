/** Limits that are set when others were before: a call tells all of them, and what it does not give is unset. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { LIMITS, limit, limitsOf, NO_LIMIT } from '../helpers/throttling.ts';
import { drives, release, throttles } from './drive-limits.ts';

const GROUP = 'g';

/** States that both drives of the group have these limits and no others. */
async function bothHave(t: CaseContext, limits: JsonObject): Promise<void> {
  for (const device of ['d0', 'd1'])
    t.equal(
      await limitsOf(t, device),
      { ...NO_LIMIT, ...limits, group: GROUP },
      'the limits of a group must be those that were set last, and no others',
    );
}

/** The cases of limits that are set anew. */
export const limitsSetAnew: readonly CaseDefinition[] = [
  {
    id: 'block_set_io_throttle/set-anew',
    title:
      'What a call does not give is unset, whatever was given before for the drive or another of its group',
    requirements: [
      'block_set_io_throttle/sets',
      'BlockIOThrottle/length-default',
      'BlockIOThrottle/burst-reported',
    ],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      for (const device of ['d0', 'd1']) await limit(t, device, { bps: 1, group: GROUP });
      for (const [index, name] of LIMITS.entries()) {
        const plain = { [name]: 10 + index };
        const burst = { ...plain, [`${name}_max`]: 20 + index };
        const long = { ...burst, [`${name}_max_length`]: 3 + index };
        const size = name.startsWith('iops') ? { iops_size: 512 } : {};
        await limit(t, 'd0', { ...long, ...size });
        await bothHave(t, { ...long, ...size });
        await limit(t, 'd1', burst);
        await bothHave(t, { ...burst, [`${name}_max_length`]: 1 });
        await limit(t, 'd0', long);
        await limit(t, 'd0', { ...burst, ...size });
        await bothHave(t, { ...burst, [`${name}_max_length`]: 1, ...size });
        await limit(t, 'd0', plain);
        await bothHave(t, plain);
      }
      await release(t, 'd0', 'd1');
    },
  },
  {
    id: 'block_set_io_throttle/refused-anew',
    title: 'What lacks a limit, a burst or operations is refused also where the one before it gave them',
    requirements: [
      'block_set_io_throttle/combinations',
      'BlockIOThrottle/iops-size-alone',
      'BlockIOThrottle/length-needs-burst',
    ],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      for (const device of ['d0', 'd1']) await limit(t, device, { bps: 1, group: GROUP });
      for (const name of LIMITS) {
        const size = name.startsWith('iops') ? { iops_size: 512 } : {};
        const before = { [name]: 10, [`${name}_max`]: 40, [`${name}_max_length`]: 5, ...size };
        await limit(t, 'd0', before);
        const other = name.startsWith('bps') ? 'iops' : 'bps';
        for (const wrong of [
          { [name]: 10, [`${name}_max_length`]: 5 },
          { [`${name}_max`]: 40 },
          { [other]: 10, [`${name}_max`]: 40 },
          { [name]: 50, [`${name}_max`]: 40 },
          { [name]: 10, [`${name}_max`]: -1 },
          { [name]: 10, [`${name}_max`]: 40, [`${name}_max_length`]: -1 },
          { [name]: 10, [`${name}_max`]: 40, [`${name}_max_length`]: 0 },
          { bps: 10, iops_size: 512 },
          { iops_size: 512 },
        ]) {
          await t.refused('block_set_io_throttle', { device: 'd1', ...NO_LIMIT, ...wrong });
          await bothHave(t, before);
        }
      }
      await release(t, 'd0', 'd1');
    },
  },
];
