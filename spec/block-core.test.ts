import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from './block-core.ts';
import { introspect } from './compiler/introspect.ts';
import type { JsonObject } from './json.ts';
import { requirements } from './requirements/index.ts';

const schema = loadBlockSchema();

/**
 * What an endpoint built at the spec's version says of itself, with real type names: the part of it that our
 * commands and events reach.
 */
const observed = JSON.parse(
  readFileSync(new URL('testdata/introspection.json', import.meta.url), 'utf8'),
) as JsonObject[];

/** Entries have no order that means anything; what is within them does. */
function byName(entries: readonly JsonObject[]): Map<string, JsonObject> {
  return new Map(entries.map((entry) => [`${entry['meta-type'] as string} ${entry.name as string}`, entry]));
}

describe('the specification', () => {
  test('its introspection is that of an endpoint of its version', () => {
    const ours = byName(introspect(schema, { unmask: true }));
    const theirs = byName(observed);
    expect([...ours.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());
    for (const [name, entry] of theirs) expect(ours.get(name), name).toEqual(entry);
  });

  test('is loaded once', () => {
    expect(loadBlockSchema()).toBe(schema);
  });

  test('documents every definition', () => {
    const sources = [...schema.types.values(), ...schema.commands.values(), ...schema.events.values()];
    const undocumented = sources.filter(
      (item) => 'source' in item && item.source !== undefined && !item.source.doc,
    );
    expect(undocumented.map((item) => item.name)).toEqual([]);
  });

  test('has every definition that a requirement names', () => {
    const definitions = new Set([...schema.types.keys(), ...schema.commands.keys(), ...schema.events.keys()]);
    const unknown = Object.values(requirements)
      .map((requirement) => requirement.definition)
      .filter((definition) => !definition.startsWith('protocol/') && !definitions.has(definition));
    expect(unknown).toEqual([]);
  });
});
