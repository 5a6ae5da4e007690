/** Drives of a guest, and nodes that its devices hold, are as they were without another start. */
import { expect, test } from 'vitest';
import { decode } from '../../generators/sequences/encoding.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { qemuSystem } from '../targets/qemu-system.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { programLimits } from '../time-limits.ts';
import { prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor } from './program-executor.ts';

const PROGRAMS = [
  'blockdev-open-tray {"id": "$d2", "force": true}\nblockdev-remove-medium {"id": "$d2"}',
  'blockdev-open-tray {"id": "$d1"}\nblockdev-insert-medium {"id": "$d1", "node-name": "$n1"}',
  'eject {"id": "$d2", "force": true}',
  'block-set-write-threshold {"node-name": "$n0", "write-threshold": 65536}',
];

test('media, trays, thresholds', async ({ skip }) => {
  requireOrSkip({ skip }, 'qemu', enginesUnavailable('qemu-system-x86_64'));
  const area = await ScratchArea.open();
  try {
    const target = qemuSystem('qemu-system');
    const { config } = await prepareCampaign({
      target,
      area,
      limits: programLimits(10_000),
      invalid: 0,
      raw: 0,
    });
    const executor = new ProgramExecutor(config, area);
    try {
      for (const text of PROGRAMS) {
        const { record } = await executor.run(decode(`ground guest\n${text}`));
        const replies = record.transcript!.steps.map(({ reply }) => reply);
        expect(replies).toEqual(replies.map(() => expect.objectContaining({ return: {} })));
      }
      expect(executor.started).toBe(1);
    } finally {
      await executor.stop();
    }
  } finally {
    await area.close();
  }
}, 60_000);
