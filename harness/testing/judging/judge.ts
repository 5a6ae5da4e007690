/**
 * A process with a broken reference: loads the suite with some modules changed, runs the cases that it is sent, and
 * answers with those that end otherwise. Started by `judged-apart.ts`.
 */
import { register } from 'node:module';
import type { ChangedModule } from './changed-modules.ts';
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

process.once('message', (message) => {
  void judge(message as Judgement).then((judged) => {
    process.send?.(judged);
    process.disconnect();
    process.exit();
  });
});

async function judge(judgement: Judgement): Promise<Judged> {
  if (judgement.changes.length > 0)
    register(new URL('changed-modules.js', import.meta.url), { data: judgement.changes });
  // What breaks outside of any case is noticed by whoever runs it.
  const broken = new Promise<Judged>((resolve) => {
    const tell = (error: unknown) => resolve({ noticed: [{ by: 'the process', outcome: String(error) }] });
    process.on('uncaughtException', tell);
    process.on('unhandledRejection', tell);
  });
  return Promise.race([broken, suite(judgement)]);
}

async function suite({ expected, first, all, breach }: Judgement): Promise<Judged> {
  try {
    const { changedOutcomes } = await import('./suite-on-reference.ts');
    const onCase = (): void => void process.send?.('begins' satisfies Begins);
    return { noticed: await changedOutcomes(expected, { first, all, onCase, wrap: await wrapper(breach) }) };
  } catch (error) {
    return { noticed: [{ by: 'the start', outcome: String(error) }] };
  }
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
