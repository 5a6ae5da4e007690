/** Whatever bytes arrive, the endpoint goes on: after them it answers a well-formed command. */
import { constantFrom } from 'fast-check';
import { type RawInput, rawInput } from '../../../../generators/raw/bytes.ts';
import type { CaseContext, CaseDefinition } from '../../case.ts';
import { Fixture } from './fixture.ts';
import { holds, type Problem } from './search.ts';

const RUNS = 50;

/** No JSON text has this byte: whatever was left open is given up with it. */
const RESET = Buffer.from([0xff, 0x0a]);

/** No string in them can become the name of a file outside, however it is damaged. */
export const MESSAGES = [
  '{"execute":"query-version","id":1}',
  '{"execute":"query-commands","arguments":{}}',
  '{"execute":"query-named-block-nodes","id":{"a":[1,null,true,"x"]}}',
  '{"execute":"blockdev-add","arguments":{"driver":"null-co","node-name":"","size":1048576}}',
  '{"execute":"block_resize","arguments":{"node-name":"no-such-node","size":-1},"id":"é"}',
  '{"execute":"no-such-command","arguments":{"a":{"b":[[],{}]}}}',
];

export const rawCases: readonly CaseDefinition[] = [
  {
    id: 'derived/properties/damaged-input-survived',
    title: 'After messages that were damaged token by token and byte by byte the session goes on',
    requirements: ['protocol/recovers-after-bad-input', 'protocol/bad-json-is-answered'],
    needs: { commands: ['query-version'] },
    async run(t: CaseContext) {
      const fixture = await Fixture.make(t);
      await holds<RawInput>(t, fixture, {
        arbitrary: rawInput(constantFrom(...MESSAGES)),
        runs: RUNS,
        attempt: (input) => goesOn(t, input),
      });
    },
  },
];

async function goesOn(t: CaseContext, { bytes }: RawInput): Promise<Problem | null> {
  const { closed, unparsable } = await t.raw(Buffer.concat([bytes, RESET]));
  if (closed) return ['the session must survive damaged input', 'the connection was closed'];
  if (unparsable.length > 0)
    return ['every answer to damaged input must be JSON', `it is ${unparsable[0]!.slice(0, 200)}`];
  await t.execute('query-version');
  return null;
}
