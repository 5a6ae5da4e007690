import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import { cases } from './index.ts';

describe('the registry of cases', () => {
  test('ids are slugs, theme and what is tested, each used once', () => {
    const ids = cases.map((definition) => definition.id);
    for (const id of ids) expect(id).toMatch(/^[\w-]+\/[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  test('every case names requirements that exist, none twice', () => {
    for (const { id, requirements: named } of cases) {
      expect(named.length, id).toBeGreaterThan(0);
      expect(new Set(named).size, id).toBe(named.length);
      for (const requirement of named) expect(Object.keys(requirements), id).toContain(requirement);
    }
  });

  test('no case can only note: each has a requirement that no observation contradicts', () => {
    const all: Readonly<Record<string, Requirement>> = requirements;
    for (const { id, requirements: named } of cases)
      expect(
        named.filter((name) => all[name]!.contradictedBy === undefined),
        id,
      ).not.toEqual([]);
  });

  test('titles are one line and unique', () => {
    const titles = cases.map((definition) => definition.title);
    for (const title of titles) expect(title).toMatch(/^[^\n]{10,120}$/);
    expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
  });

  test('equal topologies share a name, and no two different ones do', () => {
    const byName = new Map<string, unknown>();
    for (const { topology } of cases) {
      if (!topology) continue;
      expect(byName.get(topology.name) ?? topology).toEqual(topology);
      byName.set(topology.name, topology);
    }
  });
});

test('image files are looked at through one helper, which waits until they are let go of', () => {
  const folder = dirname(fileURLToPath(import.meta.url));
  const readers = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .filter((name) =>
      /import \{[^}]*\b(readFile|stat|access|open)\b[^}]*\} from 'node:fs/.test(
        readFileSync(join(folder, name), 'utf8'),
      ),
    );
  expect(readers).toEqual(['helpers/image-files.ts']);
});
