/**
 * Runs one case on a live endpoint:
 *
 *   1. run its body against the context, under the time limit;
 *   2. find out whether the endpoint died of it;
 *   3. take back what it made, and look at what is left;
 *   4. judge.
 */
import type { CaseRecord, Outcome, ProcessState, Severity } from '../../reports/record.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import type { CaseDefinition } from '../cases/case.ts';
import type { HeldAround } from '../checks/check.ts';
import { errorText } from '../error-text.ts';
import { NbdClosed } from '../nbd/nbd-client.ts';
import { ClosedError, ProtocolError, QmpError, TimeoutError } from '../qmp/errors.ts';
import { SnapshotWithFiles } from '../state/snapshot-with-files.ts';
import { ContainmentError } from '../targets/containment.ts';
import { type ExitInfo, StartError } from '../targets/target.ts';
import { pacedCaseTimeout } from '../time-limits.ts';
import { RunningCase } from './case-context.ts';
import { CaseFailed, CaseSkipped, EndpointGone } from './case-exit.ts';
import { judge, worstSeverity } from './case-outcome.ts';
import { CaseState } from './case-state.ts';
import type { Session } from './endpoint-session.ts';
import { endOf } from './endpoint-wait.ts';
import { withoutDir } from './recorder.ts';
import type { CaseSetting } from './run-setting.ts';
import { takeBack } from './take-back.ts';

export interface CaseResult {
  readonly record: CaseRecord;
  /** The endpoint is as it was before the case, and can take the next. */
  readonly reusable: boolean;
}

interface Ending {
  readonly outcome: Outcome | null;
  readonly reason?: string;
  /** How a connection of another kind than QMP ended: maybe with the process, which can be seen a little later only. */
  readonly brokenOff?: string;
}

/**
 * Whatever the case or the endpoint does is told in the record. Rejects only for a fault of this program. The session is the
 * caller's to end, also where the endpoint is no more.
 */
export async function runCase(
  definition: CaseDefinition,
  session: Session,
  setting: CaseSetting,
): Promise<CaseResult> {
  const started = performance.now();
  const {
    owed,
    endpoint: { dir },
  } = session;
  owed.clear();
  const [baseline, fault] = await stateBefore(session, setting);
  const state = new CaseState(session, baseline?.snapshot ?? null, definition, setting);
  for (const breach of session.takeBreaches()) state.breach(breach);
  session.onBreach = (breach) => state.breach(breach);
  const context = session.main && new RunningCase(definition, session, state, setting);

  let ending =
    baseline === null || context === null
      ? endingOf(fault, state)
      : await runBody(definition, context, state, setting);
  let exit = await death(session, ending.outcome === 'crash' || ending.brokenOff !== undefined);
  if (exit === null && ending.brokenOff !== undefined)
    state.deviate({ severity: 'must', message: `the endpoint broke a connection off: ${ending.brokenOff}` });
  let reusable = false;
  // With something still in flight nothing can be asked: the endpoint may be in the middle of a message.
  const idle = owed.isNone && setting.signal?.aborted !== true;
  const isLeft = setting.signal?.aborted === true && !setting.target.capabilities.owned;
  if (isLeft) await takeBack(session, state);
  else if (ending.outcome === 'timeout') await session.stop(true);
  else if (exit === null && session.main !== null && idle && baseline !== null && context !== null) {
    try {
      await context.finish();
      reusable = await settle(session, state, baseline, definition.fresh === true, setting);
    } catch (error) {
      ending = ending.outcome === null ? endingOf(error, state) : ending;
    }
    exit = await death(session, ending.outcome === 'crash');
  }
  if (exit !== null && context?.endAwaited !== true && ending.outcome !== 'timeout')
    ending = crashed(exit, state);
  if (ending.outcome === 'crash' && exit === null)
    state.deviate({ severity: 'must', message: `the endpoint closed the connection: ${ending.reason}` });
  await state.ledger.letGo();
  await session.closeExtraLinks();
  session.onBreach = null;

  const process: ProcessState = {
    ...(exit && { exitCode: exit.code, signal: exit.signal }),
    lastWords: session.endpoint.lastWords(),
    ...(owed.oldest !== undefined && { inFlight: owed.oldest }),
    unanswered: owed.unanswered,
  };
  const { outcome, severity, reason } = verdictOn(definition, state, ending, [
    ...(context?.notes ?? []),
    ...state.checkRunner.notes,
  ]);
  const died = outcome === 'crash' || outcome === 'timeout';
  if (died) for (const { message, by } of owed.asked) state.recorder.begin({ send: message, by }, 0);
  return {
    reusable: reusable && !died,
    record: {
      id: definition.id,
      title: definition.title,
      requirements: definition.requirements,
      outcome,
      ...(severity && { severity }),
      ...withoutDir({ ...(reason !== undefined && { reason }), ...(died && { process }) }, dir),
      durationMs: performance.now() - started,
      deviations: withoutDir(state.checkRunner.deviations, dir),
      transcript: state.recorder.transcript({
        name: definition.id,
        what: definition.title,
        endpoint: setting.target.name,
        dir,
        topology: session.topology,
        setup: state.files.setup,
      }),
    },
  };
}

interface CaseVerdict {
  readonly outcome: Outcome;
  readonly severity: Severity | undefined;
  readonly reason: string | undefined;
}

/** How the case ended decides; where it came to its end, the deviations do. */
function verdictOn(
  { requirements: ids }: CaseDefinition,
  { checkRunner: { deviations } }: CaseState,
  ending: Ending,
  notes: readonly string[],
): CaseVerdict {
  const judged = judge(
    deviations,
    Object.fromEntries(ids.map((id) => [id, requirements[id] as Requirement])),
  );
  const outcome = ending.outcome ?? (judged === 'pass' && notes.length > 0 ? 'info' : judged);
  const reason = ending.reason ?? (notes.length > 0 ? [...new Set(notes)].join('; ') : undefined);
  const severity = outcome === 'skip' || outcome === 'error' ? undefined : worstSeverity(deviations);
  return { outcome, severity, reason };
}

async function runBody(
  definition: CaseDefinition,
  context: RunningCase,
  state: CaseState,
  setting: CaseSetting,
): Promise<Ending> {
  const { signal } = setting;
  const caseTimeout = pacedCaseTimeout(setting.limits, setting.target.quirks?.commandInterval);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new TimeoutError('the case', caseTimeout)), caseTimeout);
  const interrupt = (): void => limit.abort(signal!.reason);
  signal?.addEventListener('abort', interrupt);
  const stopped = new Promise<never>((_, reject) => {
    limit.signal.addEventListener('abort', () => reject(limit.signal.reason as Error));
  });
  try {
    await Promise.race([definition.run(context), stopped]);
    return { outcome: null };
  } catch (error) {
    return endingOf(error, state);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
  }
}

/** What an error means: that the case is over, or that the endpoint, not this program, was at fault. */
function endingOf(error: unknown, state: CaseState): Ending {
  if (error instanceof CaseFailed) return { outcome: null };
  if (error instanceof CaseSkipped) return { outcome: 'skip', reason: error.message };
  if (error instanceof TimeoutError) return { outcome: 'timeout', reason: error.message };
  if (error instanceof EndpointGone || error instanceof ClosedError)
    return { outcome: 'crash', reason: error.message };
  if (error instanceof NbdClosed) return { outcome: null, brokenOff: error.message };
  if (error instanceof ProtocolError) {
    if (error.kind === 'truncated') return { outcome: 'crash', reason: error.message };
    state.breach(error);
    return { outcome: null };
  }
  if (error instanceof QmpError) {
    const message = `${error.command}, which qmpcheck asked, was refused: ${error.class}: ${error.desc}`;
    state.deviate({ severity: 'must', message });
    return { outcome: null };
  }
  if (error instanceof ContainmentError || error instanceof StartError)
    return { outcome: 'error', reason: error.message };
  return { outcome: 'error', reason: errorText(error) };
}

/** The state before the case, or why it cannot be told. */
async function stateBefore(
  session: Session,
  { endpointSchema }: CaseSetting,
): Promise<[SnapshotWithFiles, null] | [null, unknown]> {
  const { baseline, scratch, endpoint } = session;
  session.baseline = null;
  try {
    // One that has hung up since the last case may take a new client.
    await session.link(0);
    if (baseline !== null) return [baseline, null];
    const source = { scratch, endpoint, execute: session.asking('runner') };
    return [await SnapshotWithFiles.take(source, endpointSchema), null];
  } catch (error) {
    return [null, error];
  }
}

/** How the process ended; null if it lives, or there is none. `expected`: its connection has ended already. */
async function death({ endpoint, main }: Session, expected: boolean): Promise<ExitInfo | null> {
  if (!endpoint.running) return endpoint.exited;
  if (!expected && main !== null) return null;
  return endOf(endpoint);
}

function crashed({ code, signal }: ExitInfo, state: CaseState): Ending {
  const how = signal === null ? `exit status ${code}` : `signal ${signal}`;
  const message = `the endpoint ended unasked with ${how}`;
  state.deviate({ severity: 'must', message }, 'crash');
  return { outcome: 'crash', reason: message };
}

/** After how many milliseconds each to look again whether files are closed: seldom more than the first on an idle machine. */
const CLOSING_PAUSES = [20, 40, 80, 160, 320, 640, 1280];

/** Takes back what the case made, lets the checks look at the rest, and says whether all is as before. */
async function settle(
  session: Session,
  state: CaseState,
  baseline: SnapshotWithFiles,
  fresh: boolean,
  { settled, target }: CaseSetting,
): Promise<boolean> {
  const undone = await state.ledger.undo();
  if (!undone && !target.capabilities.owned) session.keepFiles();
  const look = async () => {
    const snapshot = await state.checkRunner.retake();
    return snapshot && SnapshotWithFiles.of(session, snapshot);
  };
  let after = await look();
  // a busy endpoint closes files a little after it said that nodes are gone, maybe not before it is asked again
  for (const pause of CLOSING_PAUSES) {
    if (after === null || !baseline.awaitsClosing(after)) break;
    await session.endpoint.settle(pause);
    after = await look();
  }
  await settled?.();
  const held: HeldAround | undefined =
    undone && after !== null && !fresh ? { before: baseline.held, after: after.held } : undefined;
  const told = state.checkRunner.deviations.length;
  await state.checkRunner.end(held);
  // what is left is told of once, not by each case that follows
  if (!undone || after === null || state.checkRunner.deviations.length > told) return false;
  if (session.startedAgain) return false;
  if (!baseline.restored(session, after)) return false;
  session.baseline = baseline;
  return true;
}
