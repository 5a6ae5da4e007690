/**
 * What an interrupted case made on an endpoint that goes on without us:
 *
 *   1. the case may send nothing more, and what it has sent is answered, so that all that it made is known;
 *   2. where an answer does not come, a connection of its own takes the place of the one that waits;
 *   3. the undo log is unwound;
 *   4. files stay where that did not succeed, since the endpoint still has them open.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../time-limits.ts';
import type { CaseState } from './case-state.ts';
import type { Session } from './endpoint-session.ts';

/** For what is unanswered, and for the undo log, milliseconds: somebody has pressed Ctrl-C and waits. */
const ANSWERS_MS = 3_000;
const UNDO_MS = 10_000;
const LOOK_MS = 10;

/** Never rejects: what cannot be taken back is left, with its files. */
export async function takeBack(session: Session, state: CaseState): Promise<void> {
  state.isOver = true;
  const { owed } = session;
  for (let waited = 0; owed.unanswered.length > 0 && waited < ANSWERS_MS; waited += LOOK_MS)
    await sleep(LOOK_MS);
  if (owed.unanswered.length > 0) await session.main?.client.close();
  await session.closeExtraLinks();
  const undone = await within(
    UNDO_MS,
    state.ledger.undo().catch(() => false),
    false,
  );
  if (!undone) session.keepFiles();
}
