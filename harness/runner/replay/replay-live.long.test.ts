/** Transcripts of the version that the spec describes, on the reference and on today's QEMU. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../spec/package-root.ts';
import { qemuStorageDaemon } from '../../targets/qemu-storage-daemon.ts';
import { qemuSystem } from '../../targets/qemu-system.ts';
import { reference } from '../../targets/reference.ts';
import type { Target } from '../../targets/target.ts';
import { enginesUnavailable, requireOrSkip } from '../../testing/engines.ts';
import { replay, type Verdict } from './replay-transcripts.ts';

const OBSERVED = fileURLToPath(new URL('reference-impl/testdata/observed/scenarios', packageRoot()));

async function verdicts(target: Target, names: readonly string[]): Promise<[string, Verdict][]> {
  const { results } = await replay({
    target,
    paths: names.map((name) => join(OBSERVED, `${name}.json`)),
    workers: 2,
  });
  return results.map((result, index) => [names[index]!, result.verdict]);
}

/**
 * 2.11 made the host sync its tables for each new grain of a VMDK image: the end of the job comes a sleep later there than where
 * syncs take no time. `reference-impl/observed.test.ts` compares the rest.
 */
const SLOWER = /drive-backup\/format-vmdk\.json$/;

describe('replay', () => {
  it('matches every transcript that the reference was made from', async () => {
    const { results } = await replay({ target: reference('reference'), paths: [OBSERVED], workers: 2 });
    expect(results.length).toBeGreaterThan(50);
    // without QEMU's tools, what they would have to set up is skipped
    const toolsMissing = enginesUnavailable('qemu-img', 'qemu-io', 'qemu-nbd') !== null;
    const fine = toolsMissing ? ['MATCH', 'SKIPPED'] : ['MATCH'];
    const differing = results.filter((result) => !fine.includes(result.verdict));
    expect(differing.filter(({ file }) => !SLOWER.test(file))).toEqual([]);
  }, 120_000);

  const AS_EVER: [string, Verdict][] = [
    ['query/nothing', 'MATCH'],
    ['protocol/unknown-command', 'MATCH'],
    ['protocol/several-in-one-write', 'MATCH'],
    ['protocol/percent-in-input', 'DIFFERS'],
  ];

  it.for([
    ['qemu-storage-daemon', qemuStorageDaemon('qemu-storage-daemon')],
    ['qemu-system-x86_64', qemuSystem('qemu-system')],
  ] as const)('tells on %s what has changed since', async ([program, target], test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable(program));
    expect(
      await verdicts(
        target,
        AS_EVER.map(([name]) => name),
      ),
    ).toEqual(AS_EVER);
  });
});
