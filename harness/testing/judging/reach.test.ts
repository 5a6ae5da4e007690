import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../spec/package-root.ts';

/** Follows a function that is called often, then not at all, then once; in a process of its own, as V8's flags are. */
const PROGRAM = `
  import { Reach } from '${new URL('dist/harness/testing/judging/reach.js', packageRoot()).href}';
  const text = 'export const next = (value) => value + 1;';
  const url = 'data:text/javascript,' + encodeURIComponent(text);
  const reach = new Reach([{ url, start: text.indexOf('value + 1') }]);
  const { next } = await import(url);
  for (const calls of [5_000_000, 0, 1, 1]) {
    const id = String(reach.runs.length);
    const run = async () => {
      for (let call = 0, value = 0; call < calls; call += 1) value = next(value);
    };
    await reach.follow({ id, run }).run();
    reach.caseEnd({ id });
  }
  reach.end();
  console.log(reach.runs.map(({ reached }) => reached.size).join());
`;

test('a case that calls a function executes it, however often others called it before', () => {
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' });
  expect(said.trim()).toBe('1,0,1,1');
});
