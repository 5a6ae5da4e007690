/** Reports say at their head by what an endpoint was tested that has no introspection of its own. */
import { expect, test } from 'vitest';
import { html } from './html.ts';
import { markdown } from './markdown.ts';
import type { RunRecord, SchemaOrigin } from './record.ts';
import { spec } from './spec.ts';
import { tap } from './tap.ts';
import { example } from './testing/example-record.ts';
import { render } from './testing/render.ts';

const withOrigin = (schemaOrigin: SchemaOrigin): RunRecord => ({
  ...example,
  endpoint: { ...example.endpoint, schemaOrigin },
});
const listed = withOrigin({
  base: 'spec',
  restrictedBy: 'query-commands',
  reason: 'query-qmp-schema: CommandNotFound: no such\ncommand',
});

test.each([
  ['spec', spec],
  ['tap', tap],
  ['markdown', markdown],
  ['html', html],
])('%s', (_, reporter) => {
  expect(render(reporter, listed)).toMatch(
    /tested by the spec, restricted to what query-commands lists \(query-qmp-schema\\?: CommandNotFound\\?: no such/,
  );
  expect(render(reporter, example)).not.toContain('tested by');
});

test('a line of its own, before the first result', () => {
  expect(render(spec, listed).split('\n')[1]).toMatch(/^ {2}tested by the spec/);
  expect(render(tap, listed).split('\n')[1]).toMatch(/^# tested by the spec/);
});

test('a schema that the user gave, and what a probe left open', () => {
  const record = withOrigin({ base: 'ours.json', restrictedBy: 'probing', undecided: ['quit', 'stop'] });
  expect(render(spec, record)).toContain(
    'tested by ours.json, restricted to what a probe found, 2 commands undecided\n',
  );
});
