/**
 * A process that judges broken references, one after another: runs the cases that it is sent on a copy of the reference with
 * some modules changed, and answers with those that end otherwise. Started by `judged-apart.ts`.
 */
import { writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REFERENCE } from './built.ts';
import { type ChangedModule, inCopy } from './changed-modules.ts';
import { PROCESS } from './judged-apart.ts';
import type { Noticed, Outcomes } from './suite-on-reference.ts';

/** What the process is sent. */
export interface Judgement {
  /** Empty: the modules are sound. */
  readonly changes: readonly ChangedModule[];
  /** The saboteur between the monitors and their client, by its id. */
  readonly breach?: string | undefined;
  /** What the cases do on the sound reference. */
  readonly expected: Outcomes;
  /** Cases that run before the others. */
  readonly first?: readonly string[];
  /** Every case runs. Default: the first that ends otherwise is the last. */
  readonly all?: boolean;
}

/** What it sends whenever a case begins. */
export type Begins = 'begins';

/** What it answers. */
export interface Judged {
  readonly noticed: readonly Noticed[];
}

const START = new URL('start-reference.js', REFERENCE);

register(new URL('changed-modules.js', import.meta.url));

let judged = 0;
/** Ends the judgement that is going on with what broke outside of any case. */
let breaks: (error: unknown) => void = () => {};
process.on('uncaughtException', (error) => breaks(error));
process.on('unhandledRejection', (error) => breaks(error));
// Whatever a broken reference has left open: nobody asks any more.
process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  void judge(message as Judgement).then((answer) => process.send?.(answer));
});

async function judge(judgement: Judgement): Promise<Judged> {
  const broken = new Promise<Judged>((resolve) => {
    breaks = (error) => resolve({ noticed: [{ by: PROCESS, outcome: String(error) }] });
  });
  return Promise.race([broken, suite(judgement)]);
}

async function suite({ changes, expected, first, all, breach }: Judgement): Promise<Judged> {
  try {
    const { changedOutcomes } = await import('./suite-on-reference.ts');
    const onCase = (): void => void process.send?.('begins' satisfies Begins);
    const load = changes.length === 0 ? undefined : loaderOf(changes);
    const wrap = await wrapper(breach);
    return { noticed: await changedOutcomes(expected, { first, all, onCase, wrap, load }) };
  } catch (error) {
    return { noticed: [{ by: 'the start', outcome: String(error) }] };
  }
}

/** Loads a copy of the reference with these changes. */
function loaderOf(changes: readonly ChangedModule[]) {
  judged += 1;
  const file = join(tmpdir(), `changes-${judged}.json`);
  writeFileSync(file, JSON.stringify(changes));
  return async () => {
    // What a copy shares.
    await import(START.href);
    const [{ startReference }, { OptionError }] = (await Promise.all([
      import(inCopy(START, file)),
      import(inCopy(new URL('endpoint.js', REFERENCE), file)),
    ])) as [
      typeof import('../../../reference-impl/start-reference.ts'),
      typeof import('../../../reference-impl/endpoint.ts'),
    ];
    return { startReference, OptionError };
  };
}

async function wrapper(id: string | undefined) {
  if (id === undefined) return undefined;
  const [{ saboteurs }, { breachingTarget }] = await Promise.all([
    import('../saboteurs/index.ts'),
    import('../breaching-target.ts'),
  ]);
  const breach = saboteurs.find((saboteur) => saboteur.id === id)?.breach;
  if (breach === undefined) throw new Error(`no saboteur '${id}' between monitor and client`);
  return (target: Parameters<typeof breachingTarget>[0]) => breachingTarget(target, breach);
}
