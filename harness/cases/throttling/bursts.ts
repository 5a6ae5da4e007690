/** Bursts: how much may pass in one, and which sizes and lengths are none. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';
import { addGroup, addThrottled, checkTakes, limit, NO_LIMIT, throttleNodes } from '../helpers/throttling.ts';
import { checkShown, drives, release, throttles } from './drive-limits.ts';

const MAX = 640 * KiB;
const PIECE = 64 * KiB;

/** A refusal that leaves the limits of the drive as they are; the same with `right` in its place is taken. */
function refusedLimits(
  what: string,
  title: string,
  requirement: 'BlockIOThrottle/iops-size-alone' | 'BlockIOThrottle/length-not-zero',
  wrong: JsonObject,
  right: JsonObject,
): CaseDefinition {
  return {
    id: `block_set_io_throttle/${what}`,
    title,
    requirements: [requirement],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      await limit(t, 'd0', { bps: 77 });
      await t.refused('block_set_io_throttle', { device: 'd0', ...NO_LIMIT, ...wrong });
      await checkShown(t, 'd0', { bps: 77 }, 'as they were before a refusal');
      await limit(t, 'd0', right);
      await checkShown(t, 'd0', right, 'as they were set');
      await release(t, 'd0');
    },
  };
}

export const burstCases: readonly CaseDefinition[] = [
  {
    id: 'throttle/burst-lasts',
    title: 'A burst of three seconds lets pass in two what one of a second would not',
    requirements: ['ThrottleLimits/burst'],
    needs: needs(throttleNodes, nodeBytes),
    async run(t: CaseContext) {
      if (!t.virtualTime) t.skip('only an endpoint whose time is ours shows that a request waits no longer');
      const limits = { 'bps-write': 64 * KiB, 'bps-write-max': MAX, 'bps-write-max-length': 3 };
      const io = await openIo(t, await addThrottled(t, await addGroup(t, limits)));
      await checkTakes(t, 'a burst', { units: 20 * PIECE, last: PIECE, rate: MAX }, async () => {
        for (let index = 0; index < 20; index += 1)
          await io.perform({ kind: 'write', offset: (index % 8) * PIECE, length: PIECE, byte: 0x11 });
      });
      await io.close();
    },
  },
  refusedLimits(
    'iops-size-alone',
    'iops_size is refused where no operations are limited, and taken beside a limit of them',
    'BlockIOThrottle/iops-size-alone',
    { bps: 1000, iops_size: 4096 },
    { iops: 1000, iops_size: 4096 },
  ),
  refusedLimits(
    'length-zero',
    'A burst of no length is refused, and one of a second is taken',
    'BlockIOThrottle/length-not-zero',
    { bps: 1000, bps_max: 2000, bps_max_length: 0 },
    { bps: 1000, bps_max: 2000, bps_max_length: 1 },
  ),
];
