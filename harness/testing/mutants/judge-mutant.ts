/**
 * A process that is the mutant: loads the suite with one module of the reference changed, runs the cases that it is
 * sent, and answers with the first that ends otherwise, or null.
 */
import { register } from 'node:module';
import type { Noticed, Outcomes } from './suite-on-reference.ts';

/** What the process is sent. */
export interface Judgement {
  /** The changed module: its URL and its text. Null: nothing is changed. */
  readonly change: { readonly url: string; readonly text: string } | null;
  readonly expected: Outcomes;
}

/** What it answers. */
export interface Judged {
  readonly noticed: Noticed | null;
}

process.once('message', (message) => {
  void judge(message as Judgement).then((judged) => {
    process.send?.(judged);
    process.disconnect();
    process.exit();
  });
});

async function judge({ change, expected }: Judgement): Promise<Judged> {
  if (change !== null) register(new URL('mutant-hooks.js', import.meta.url), { data: change });
  // What breaks outside of any case is noticed by whoever runs it.
  const broken = new Promise<Judged>((resolve) => {
    const tell = (error: unknown) => resolve({ noticed: { by: 'the process', outcome: String(error) } });
    process.on('uncaughtException', tell);
    process.on('unhandledRejection', tell);
  });
  return Promise.race([broken, suite(expected)]);
}

async function suite(expected: Outcomes): Promise<Judged> {
  try {
    const { firstChange } = await import('./suite-on-reference.ts');
    return { noticed: await firstChange(expected) };
  } catch (error) {
    return { noticed: { by: 'the start', outcome: String(error) } };
  }
}
