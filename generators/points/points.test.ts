import { sample } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../spec/compiler/compile.ts';
import { stringifyJson } from '../../spec/json.ts';
import { validateArguments } from '../../spec/validate.ts';
import { argumentsOf } from '../arbitraries/command-arguments.ts';
import { Draw } from '../arbitraries/draw.ts';
import { Random } from '../random.ts';
import { COMMANDS, LIVE, SCHEMAS } from '../testing/test-schemas.ts';
import { branchesOf } from '../types/members.ts';
import { Coverage, coverageTable } from './coverage.ts';
import { pairwise } from './pairwise.ts';
import { Points } from './points.ts';

const spec = SCHEMAS[0]![1];
const draw = () => new Draw(new Random(1), LIVE, true);

describe('points', () => {
  test('are every member, value, branch, form and limit', () => {
    const schema = compileSchema({
      text: `
        { 'enum': 'Mode', 'data': [ 'on', 'off' ] }
        { 'struct': 'None', 'data': {} }
        { 'struct': 'Loud', 'data': { 'volume': 'uint8', '*more': 'Choice' } }
        { 'union': 'Choice', 'base': { 'mode': 'Mode' }, 'discriminator': 'mode', 'data': { 'on': 'Loud', 'off': 'None' } }
        { 'alternate': 'Either', 'data': { 'mode': 'Mode', 'choice': 'Choice' } }
        { 'command': 'c', 'data': { 'either': 'Either', '*list': [ 'bool' ], '*text': 'str' } }`,
    });
    const { all } = new Points(schema.commands.get('c')!);
    expect(all.map(({ id }) => id)).toEqual([
      'either present',
      'either as string',
      'either =on',
      'either =off',
      'either as object',
      'list present',
      'list absent',
      'list [] empty',
      'list [] filled',
      'list []=false',
      'list []=true',
      'text present',
      'text absent',
      'text =""',
      'either.mode=on',
      'either.(on).volume present',
      'either.(on).volume =min',
      'either.(on).volume =max',
      'either.(on).more present',
      'either.(on).more absent',
      'either.mode=off',
    ]);
  });

  test.each(COMMANDS)('%s are reached by their witnesses, which are valid', (_, command, schema) => {
    const points = new Points(command);
    const { tag = '' } = command.arguments;
    for (const { id, branch, witness } of points.all) {
      const args = witness(draw());
      expect(args[tag]).toBe(branch);
      expect(validateArguments(schema, command.name, args), `${id}: ${stringifyJson(args)}`).toEqual([]);
      expect([...points.visited(args)], stringifyJson(args)).toContain(id);
    }
  });

  test.each(COMMANDS)('%s are all that random arguments reach', (_, command) => {
    const points = new Points(command);
    const known = new Set(points.all.map(({ id }) => id));
    for (const args of sample(
      argumentsOf(command, () => LIVE),
      { seed: 1, numRuns: 50 },
    ))
      for (const id of points.visited(args)) expect(known).toContain(id);
  });
});

describe('pairs', () => {
  test.each([0, 1, 2, 3, 5, 8, 20])('of %i members come in all four combinations', (count) => {
    const rows = pairwise(count);
    for (let a = 0; a < count; a++)
      for (let b = 0; b < a; b++) expect(new Set(rows.map((row) => `${row[a]}${row[b]}`)).size).toBe(4);
    for (let a = 0; a < count; a++) expect(new Set(rows.map((row) => row[a])).size).toBe(2);
    expect(rows.length).toBeLessThanOrEqual(2 + 2 * Math.ceil(Math.log2(count + 1)));
  });

  test.each(COMMANDS)('%s make valid arguments', (_, command, schema) => {
    for (const { tag } of branchesOf(command.arguments))
      for (const args of new Points(command).pairs(draw(), tag))
        expect(validateArguments(schema, command.name, args), stringifyJson(args)).toEqual([]);
  });
});

describe('coverage', () => {
  const points = new Points(spec.commands.get('block_resize')!);

  test('counts what was reached, by whether it was accepted', () => {
    const coverage = new Coverage(points);
    coverage.saw({ 'node-name': 'a', size: 1 }, true);
    coverage.saw({ device: '', size: 1 }, false);
    expect(coverage.row()).toEqual({
      command: 'block_resize',
      points: 9,
      reached: 6,
      accepted: 3,
      refused: 4,
    });
    expect(coverage.unreached()).toEqual(['node-name =""', 'size =min', 'size =max']);
    expect(coverage.isAccepted('size present')).toBe(true);
    expect(coverage.isAccepted('device present')).toBe(false);
  });

  test('is complete after all witnesses', () => {
    const coverage = new Coverage(points);
    for (const { witness } of points.all) coverage.saw(witness(draw()), false);
    expect(coverage.unreached()).toEqual([]);
  });

  test('is told as a table', () => {
    const coverage = new Coverage(points);
    coverage.saw({ 'node-name': 'a', size: 1 }, true);
    expect(coverageTable([coverage.row()])).toEqual([
      'command         points   reached  accepted   refused',
      'block_resize         9         3         3         0',
      'all                  9         3         3         0',
    ]);
  });
});

test('a witness gives no parent children that it compares: what differs would end the endpoint, as documented', () => {
  const points = new Points(spec.commands.get('blockdev-add')!);
  const image = points.all.find(({ id }) => id === '(blkdebug).image as object')!;
  for (let seed = 0; seed < 2000; seed += 1) {
    const text = stringifyJson(image.witness(new Draw(new Random(seed), LIVE, true)));
    expect(text).not.toMatch(/"blkverify"[^}]*"test":(?!"no-such-node")/);
  }
});
