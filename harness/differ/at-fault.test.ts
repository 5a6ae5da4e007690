import { describe, expect, it } from 'vitest';
import type { Deviation } from '../../reports/record.ts';
import { atFaultFor, tellAtFault } from './at-fault.ts';
import type { Difference } from './difference.ts';
import type { SideRun } from './side-run.ts';

const DIFFERENCE: Difference = { class: 'must', step: 2, subject: 'do', path: '$', message: 'm' };

function side(...deviations: Partial<Deviation>[]): SideRun {
  const full = deviations.map((one) => ({ check: 'case', severity: 'must' as const, message: 'b', ...one }));
  const record = { id: 'c', title: 'c', requirements: [], outcome: 'fail' as const, durationMs: 0 };
  return {
    record: { ...record, deviations: full },
    endpointSchema: { commands: new Map(), events: new Map(), types: new Map() },
  };
}

describe('verdictOn', () => {
  it("takes the spec's word first", () => {
    const judged = { left: [DIFFERENCE], right: [] };
    expect(atFaultFor(DIFFERENCE, side(), side({ exchange: 1 }), judged)).toMatchObject({
      wrong: 'right',
      by: 'spec',
    });
    expect(atFaultFor(DIFFERENCE, side({}), side({}), null)).toMatchObject({ wrong: 'both', by: 'spec' });
  });

  it('leaves out what was held against a side elsewhere, or for its words', () => {
    for (const deviation of [{ exchange: 5 }, { exchange: 1, severity: 'text' as const }])
      expect(atFaultFor(DIFFERENCE, side(deviation), side(), null)).toEqual({ wrong: 'neither', by: null });
  });

  it.each([
    ['left', true, false],
    ['right', false, true],
    ['both', true, true],
    ['neither', false, false],
  ] as const)('asks the judge: %s', (wrong, left, right) => {
    const judged = { left: left ? [DIFFERENCE] : [], right: right ? [DIFFERENCE] : [] };
    expect(atFaultFor(DIFFERENCE, side(), side(), judged).wrong).toBe(wrong);
  });

  it('lets no judge decide what the spec leaves open', () => {
    const text = { ...DIFFERENCE, class: 'text' as const };
    const verdict = atFaultFor(text, side(), side(), { left: [text], right: [] });
    expect(tellAtFault(verdict, 'reference')).toBe('the spec is silent');
  });
});
