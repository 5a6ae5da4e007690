/** A lying endpoint, between the case and the reference: the lie is found, made small, and can be replayed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Points } from '../../../../generators/points/points.ts';
import type { CaseRecord } from '../../../../reports/record.ts';
import { loadBlockSchema } from '../../../../spec/block-core.ts';
import { type Json, type JsonObject, stringifyJson } from '../../../../spec/json.ts';
import { replay } from '../../../runner/replay/replay-transcripts.ts';
import { run } from '../../../runner/run.ts';
import { resolveTarget } from '../../../targets/index.ts';
import type { Target } from '../../../targets/target.ts';
import { type Lie, lyingTarget } from '../../../testing/lying-target.ts';
import { propertyCases } from './index.ts';
import { faultsForm } from './property-form.ts';

const honest = resolveTarget('reference');
const spec = loadBlockSchema();

async function runCase(target: Target, id: string): Promise<CaseRecord> {
  const record = await run({ target, spec, cases: propertyCases, patterns: [`derived/properties/${id}`] });
  return record.cases[0]!;
}

async function verdictOn(target: Target, transcript: Json): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-property-'));
  try {
    const file = join(folder, 'counterexample.json');
    await writeFile(file, stringifyJson(transcript));
    const { results } = await replay({ target, paths: [file] });
    return `${results[0]!.verdict} ${results[0]!.reason ?? ''}`.trim();
  } finally {
    await rm(folder, { recursive: true });
  }
}

const refusal = (desc: string) => ({ error: { class: 'GenericError', desc } });

describe('a property finds', () => {
  const takesNoZeroes: Lie = (execute, args) =>
    execute === 'blockdev-add' && args['detect-zeroes'] === 'on'
      ? refusal("Invalid parameter type for 'detect-zeroes', expected: string")
      : null;

  test('a refusal of valid arguments for their form, and shows it by the simplest', async () => {
    const target = lyingTarget(honest, takesNoZeroes);
    const { outcome, deviations, transcript } = await runCase(target, 'blockdev-add-valid');
    expect(outcome).toBe('fail');
    expect(deviations.map(({ message }) => message)).toEqual([
      'blockdev-add must not refuse valid arguments for their form; it was refused: ' +
        "Invalid parameter type for 'detect-zeroes', expected: string",
    ]);
    // What is there to be named, then the counterexample and nothing else.
    expect(transcript!.steps.length).toBeLessThan(10);
    const counterexample = transcript!.steps[deviations[0]!.exchange!]!.send as JsonObject;
    // Besides that only the driver, and the two members that one needs at most.
    expect(counterexample.arguments).toMatchObject({ driver: expect.any(String), 'detect-zeroes': 'on' });
    expect(Object.keys(counterexample.arguments!).length).toBeLessThanOrEqual(4);
    expect(await verdictOn(target, transcript as unknown as Json)).toBe('MATCH');
    expect(await verdictOn(honest, transcript as unknown as Json)).toMatch(/^DIFFERS step \d+, \$\.reply/);
  });

  test('the same at the points of the schema', async () => {
    const { outcome, deviations, transcript } = await runCase(
      lyingTarget(honest, takesNoZeroes),
      'blockdev-add-null-co-points',
    );
    expect(outcome).toBe('fail');
    expect(deviations[0]!.message).toMatch(/^blockdev-add must not refuse valid arguments for their form; /);
    expect(transcript!.steps[deviations[0]!.exchange!]!.send).toMatchObject({
      arguments: { 'detect-zeroes': 'on' },
    });
  });

  test('a fault that is accepted', async () => {
    const target = lyingTarget(honest, (execute, args) =>
      execute === 'block_resize' && 'no-such-member' in args ? { return: {} } : null,
    );
    const { deviations } = await runCase(target, 'block_resize-invalid');
    expect(deviations.map(({ message }) => message).join('\n')).toMatch(
      /^a member that the schema does not have must be refused with GenericError; it was accepted$/m,
    );
  });

  test('a fault that is refused with another class', async () => {
    const target = lyingTarget(honest, (execute, args) =>
      execute === 'blockdev-del' && args['node-name'] === null
        ? { error: { class: 'DeviceNotFound', desc: 'x' } }
        : null,
    );
    const { deviations } = await runCase(target, 'blockdev-del-invalid');
    expect(deviations[0]!.message).toMatch(
      / must be refused with GenericError; its class is DeviceNotFound$/,
    );
  });

  test('a node that stays after it was deleted', async () => {
    const target = lyingTarget(honest, (execute, args) =>
      execute === 'blockdev-del' && String(args['node-name']).startsWith('added') ? { return: {} } : null,
    );
    const { deviations } = await runCase(target, 'nodes-added-and-deleted');
    expect(deviations.map(({ message }) => message).join('\n')).toMatch(
      /^after blockdev-del the nodes must be .*; they are not, but not when it was tried once more$/m,
    );
  });

  test('a reply against the schema, seen by the checks', async () => {
    const target = lyingTarget(honest, (execute) =>
      execute === 'block_resize' ? { return: { extra: 1 } } : null,
    );
    const { deviations } = await runCase(target, 'block_resize-valid');
    expect(deviations).toMatchObject([
      {
        check: 'reply-schema',
        message: "block_resize returned what its schema forbids: 'extra' is not a member",
      },
    ]);
  });
});

test('a driver that only turns out to be missing ends no property that is about others, too', async () => {
  const answered = new Set<string>();
  const target = lyingTarget(honest, (execute, { driver }) => {
    if (execute !== 'blockdev-add' || driver !== 'rbd') return null;
    answered.add(driver);
    return refusal("Unknown driver 'rbd'");
  });
  expect(await runCase(target, 'blockdev-add-valid')).toMatchObject({ outcome: 'pass' });
  expect([...answered]).toEqual(['rbd']);
});

describe('the form is at fault', () => {
  const points = new Points(spec.commands.get('blockdev-add')!);
  const args = { driver: 'raw', file: { driver: 'file', filename: 'x' }, 'read-only': true };

  test.each([
    ["Invalid parameter type for 'read-only', expected: boolean"],
    ["Invalid parameter type for 'file', expected: BlockdevRef"],
    ["Parameter 'file.filename' is missing"],
    ["Parameter 'file' is unexpected"],
    ["Invalid parameter 'raw'"],
    ["Parameter 'driver' does not accept value 'file'"],
  ])('%s', (desc) => expect(faultsForm(desc, args, points)).toBe(true));

  test.each([
    ["Parameter 'size' is missing"],
    ["Invalid parameter 'x'"],
    ['Could not open x'],
    ["Parameter 'file' expects an identifier"],
    ['Node not found'],
  ])('not: %s', (desc) => expect(faultsForm(desc, args, points)).toBe(false));
});
