import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import { packageRoot } from '../../../spec/package-root.ts';
import { requirements } from '../../../spec/requirements/index.ts';
import { cases } from '../../cases/index.ts';
import { changedModules } from './campaign.ts';
import { caughtBy, caughtSaboteurs, formatted } from './caught-by.ts';
import { saboteurs } from './index.ts';

const ids = saboteurs.map(({ id }) => id);

describe('saboteurs', () => {
  test('have ids of their own', () => {
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('break a statement of a definition that there is', () => {
    const { types, commands, events } = loadBlockSchema();
    const known = new Set([
      ...types.keys(),
      ...commands.keys(),
      ...events.keys(),
      ...Object.values(requirements).map(({ definition }) => definition),
    ]);
    expect(saboteurs.filter(({ definition }) => !known.has(definition)).map(({ id }) => id)).toEqual([]);
  });

  test('change the reference where they say, or what passes', () => {
    const broken = saboteurs.flatMap((saboteur) => {
      try {
        return changedModules(saboteur).length > 0 === (saboteur.breach === undefined) ? [] : [saboteur.id];
      } catch (error) {
        return [String(error)];
      }
    });
    expect(broken).toEqual([]);
  });

  test('do each something else', () => {
    const changed = saboteurs
      .filter(({ breach }) => breach === undefined)
      .map((saboteur) => JSON.stringify(changedModules(saboteur)));
    expect(new Set(changed).size).toBe(changed.length);
  });

  test('are written down with cases that there are', () => {
    expect(caughtSaboteurs().filter((id) => !ids.includes(id))).toEqual([]);
    const names = new Set(cases.map(({ id }) => id));
    expect(ids.flatMap(caughtBy).filter((name) => !names.has(name))).toEqual([]);
  });

  test('are written down in the form that the linter holds the file to', () => {
    const text = readFileSync(new URL('harness/testing/saboteurs/caught-by.json', packageRoot()), 'utf8');
    expect(formatted(JSON.parse(text))).toBe(text);
  });
});
