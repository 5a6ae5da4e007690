import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { isJsonObject, type Json, parseJson } from '../../spec/json.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { ObservedReplays, type Transcript } from './replay-observed.ts';

const folder = new URL('reference-impl/testdata/observed/', packageRoot());

interface Observed {
  readonly name: string;
  readonly transcript: Transcript;
}

/** Every transcript of `testdata/`. */
export const observed: readonly Observed[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .toSorted()
  .map((name) => ({
    name,
    transcript: parseJson(
      readFileSync(fileURLToPath(new URL(name, folder)), 'utf8'),
    ) as unknown as Transcript,
  }));

/** Whether qemu-img makes an encrypted image for it: that takes seconds of CPU time to choose the cost of a key. */
export function needsKey({ transcript }: Observed): boolean {
  return transcript.setup.flat().some((word) => typeof word === 'string' && word.includes('iter-time='));
}

/** Lists of what the endpoint has: ours may be shorter. */
const LISTS = ['query-commands', 'query-events'];

function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version']);
    return true;
  } catch {
    return false;
  }
}

/** Whether a missing QEMU program is a failure. */
const REQUIRED = (process.env.QMPCHECK_REQUIRE ?? '').split(',').includes('qemu');

const programs = new Map<Json, boolean>();

/** Why the host cannot prepare the transcript. */
function missing({ setup, steps }: Transcript): string | undefined {
  const hosted = steps.flatMap((step) => (Array.isArray(step.host) ? [step.host as readonly Json[]] : []));
  for (const [command] of [...setup, ...hosted]) {
    const program = command === '@nbd' ? 'qemu-nbd' : command;
    if (typeof program !== 'string' || program.startsWith('@')) continue;
    if (!programs.has(program)) programs.set(program, hasProgram(program));
    if (!programs.get(program)) return `${program} is not installed`;
  }
  return undefined;
}

/** The reference answers as the observed endpoint did, exactly. */
export function testObserved(transcripts: readonly Observed[]): void {
  describe('observed transcripts', () => {
    const replays = new ObservedReplays();
    afterAll(() => replays.close());

    test.for(transcripts.map((one) => [one.name, one.transcript] as const))(
      '%s',
      async ([name, transcript], { skip }) => {
        const reason = missing(transcript);
        skip(reason !== undefined && !REQUIRED, reason);
        expect(reason).toBeUndefined();
        const isList = LISTS.some((list) => name.endsWith(`${list}.json`));
        for (const { step, got, expected } of await replays.replay(transcript)) {
          if (isList) expectSubset(got, expected);
          else expect(got, step).toEqual(expected);
        }
      },
    );
  });
}

function expectSubset(got: Json, expected: Json): void {
  const names = (value: Json) => {
    const reply = isJsonObject(value) && Array.isArray(value.replies) ? value.replies[0] : undefined;
    return isJsonObject(reply) ? (reply.return as Json[]) : [];
  };
  expect(names(got).length).toBeGreaterThan(0);
  expect(names(expected)).toEqual(expect.arrayContaining(names(got)));
}
