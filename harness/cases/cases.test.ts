import { describe, expect, test } from 'vitest';
import { requirements } from '../../spec/requirements/index.ts';
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
