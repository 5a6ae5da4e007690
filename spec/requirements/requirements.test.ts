import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { requirements } from './index.ts';
import type { Requirement } from './requirement.ts';

const themes = readdirSync(import.meta.dirname)
  .filter((file) => !/^(index|requirement)\.ts$|\.test\.ts$/.test(file))
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

  test('ids are slugs: the definition or theme, then what is required', () => {
    for (const id of Object.keys(requirements)) expect(id).toMatch(/^[\w-]+\/[a-z0-9]+(-[a-z0-9]+)*$/);
  });
});
