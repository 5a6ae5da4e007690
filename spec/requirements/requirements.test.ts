import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compareReleases } from '../drift/release.ts';
import { requirements } from './index.ts';
import type { Requirement } from './requirement.ts';
import { unobservable } from './unobservable.ts';

const themes = readdirSync(import.meta.dirname)
  .filter(
    (file) =>
      file.endsWith('.ts') && !/^(definitions|index|requirement|unobservable)\.ts$|\.test\.ts$/.test(file),
  )
  .map((file) => file.slice(0, -'.ts'.length));

async function entriesOf(theme: string): Promise<[string, Requirement][]> {
  const module = (await import(/* @vite-ignore */ `./${theme}.ts`)) as Record<
    string,
    Record<string, Requirement>
  >;
  return Object.values(module).flatMap((group) => Object.entries(group));
}

describe('requirements', () => {
  test.each(themes)('%s keeps its entries in the order of their ids', async (theme) => {
    const ids = (await entriesOf(theme)).map(([id]) => id);
    expect(ids).toEqual(ids.toSorted());
  });

  test('every file is registered and no id is used twice', async () => {
    const all = (await Promise.all(themes.map(entriesOf))).flat();
    expect(all.map(([id]) => id).toSorted()).toEqual(Object.keys(requirements).toSorted());
  });

  test('what cannot be observed stands in the order of ids, and is no requirement', () => {
    const ids = Object.keys(unobservable);
    expect(ids).toEqual(ids.toSorted());
    expect(ids.filter((id) => Object.hasOwn(requirements, id))).toEqual([]);
  });

  test('versions are two numbers, and none ends before it begins', () => {
    for (const [id, { since = '0.1', until = '99.0' }] of Object.entries<Requirement>(requirements)) {
      for (const version of [since, until]) expect(version, id).toMatch(/^\d+\.\d+$/);
      expect(compareReleases(since, until), id).toBeLessThanOrEqual(0);
    }
  });

  test('ids are slugs: the definition or theme, then what is required', () => {
    for (const id of [...Object.keys(requirements), ...Object.keys(unobservable)])
      expect(id).toMatch(/^[\w-]+\/[a-z0-9]+(-[a-z0-9]+)*$/);
  });
});
