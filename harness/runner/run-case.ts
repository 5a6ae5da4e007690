/**
 * Runs one case on a live endpoint:
 *
 *   1. run its body against the context, under the time limit;
 *   2. find out whether the endpoint died of it;
 *   3. take back what it made, and look at what is left;
 *   4. judge.
 */
import type { CaseRecord, Outcome, ProcessState } from '../../reports/record.ts';
import type { Schema } from '../../spec/model.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import type { CaseDefinition } from '../cases/case.ts';
import type { Check, HeldAround } from '../checks/check.ts';
import { makeChecks } from '../checks/index.ts';
import { TimeoutError } from '../qmp/errors.ts';
import { SnapshotWithFiles } from '../state/snapshot-with-files.ts';
import { ContainmentError } from '../targets/containment.ts';
import type { ExitInfo, Target } from '../targets/target.ts';
import { type TimeLimits, within } from '../time-limits.ts';
import { Context } from './case-context.ts';
import { CaseFailed, CaseSkipped, EndpointGone } from './case-exit.ts';
import { CaseFiles } from './case-files.ts';
import { judge, worstSeverity } from './case-outcome.ts';
import { CaseState } from './case-state.ts';
import { CheckRunner } from './check-runner.ts';
import type { Session } from './endpoint-session.ts';
import { Ledger } from './ledger.ts';
import { Recorder, withoutDir } from './recorder.ts';

export interface CaseSetting {
  readonly target: Target;
  readonly schema: Schema;
  readonly endpointSchema: Schema;
  readonly seed: string;
  readonly limits: TimeLimits;
  /** Ends the run. */
  readonly signal?: AbortSignal | undefined;
  /** Called when all that the case made is taken back, but for its files. */
  readonly settled?: (() => Promise<void>) | undefined;
  /** Checks of this case, besides those of every case. */
  readonly checks?: readonly Check[] | undefined;
}

export interface CaseResult {
  readonly record: CaseRecord;
  /** The endpoint is as it was before the case, and can take the next. */
  readonly reusable: boolean;
}

/** A dying process closes its connections first; its end is waited for this long. */
const DEATH_MS = 1_000;

interface Ending {
  readonly outcome: Outcome | null;
  readonly reason?: string;
}

export async function runCase(
  definition: CaseDefinition,
  session: Session,
  setting: CaseSetting,
): Promise<CaseResult> {
  const started = performance.now();
  const { target, schema, endpointSchema, seed } = setting;
  const { endpoint } = session;
  const baseline = session.baseline ?? (await SnapshotWithFiles.take(session, endpointSchema));
  session.baseline = null;
  const recorder = new Recorder();
  const images = session.topology.images.map(({ path }) => path);
  const files = new CaseFiles(endpoint.dir, session.scratch, images);
  const port = {
    endpointSchema,
    execute: session.execute.bind(session),
    usable: () => session.usable,
    lastWords: () => endpoint.lastWords(),
    settle: (ms: number) => endpoint.settle(ms),
    owned: target.capabilities.owned,
  };
  const state = new CaseState({
    endpoint,
    recorder,
    files,
    checkRunner: new CheckRunner(port, baseline.snapshot, [...makeChecks(), ...(setting.checks ?? [])]),
    ledger: new Ledger(port),
    bounds: { dir: endpoint.dir },
    limits: setting.limits,
  });
  const context = new Context({
    definition,
    session,
    state,
    schema,
    endpointSchema,
    seed,
    capabilities: target.capabilities,
  });

  let ending = await runBody(definition, context, setting);
  const inFlight = state.inFlightText;
  let exit = await death(session, ending.outcome === 'crash');
  let reusable = false;
  // With something still in flight nothing can be asked: the endpoint may be in the middle of a message.
  const idle = inFlight === undefined && setting.signal?.aborted !== true;
  if (ending.outcome === 'timeout') await session.stop(true);
  else if (exit === null && session.main !== null && idle) {
    try {
      await context.finish();
      reusable = await settle(session, state, baseline, definition.fresh === true, setting.settled);
    } catch (error) {
      ending = ending.outcome === null ? endingOf(error) : ending;
    }
    exit = await death(session, false);
  }
  if (exit !== null && !context.endAwaited && ending.outcome !== 'timeout') ending = crashed(exit, state);
  if (ending.outcome === 'crash' && exit === null)
    state.deviate({ severity: 'must', message: `the endpoint closed the connection: ${ending.reason}` });
  await session.closeExtraLinks();

  const { deviations } = state.checkRunner;
  const needed = Object.fromEntries(
    definition.requirements.map((id) => [id, requirements[id] as Requirement]),
  );
  const judged = judge(deviations, needed);
  const outcome = ending.outcome ?? (judged === 'pass' && context.notes.length > 0 ? 'info' : judged);
  const reason =
    ending.reason ?? (context.notes.length > 0 ? [...new Set(context.notes)].join('; ') : undefined);
  const severity = outcome === 'skip' || outcome === 'error' ? undefined : worstSeverity(deviations);
  const died = outcome === 'crash' || outcome === 'timeout';
  const process: ProcessState = {
    ...(exit && { exitCode: exit.code, signal: exit.signal }),
    lastWords: endpoint.lastWords(),
    ...(inFlight !== undefined && { inFlight }),
  };
  return {
    reusable: reusable && !died,
    record: {
      id: definition.id,
      title: definition.title,
      requirements: definition.requirements,
      outcome,
      ...(severity && { severity }),
      ...withoutDir({ ...(reason !== undefined && { reason }), ...(died && { process }) }, endpoint.dir),
      durationMs: performance.now() - started,
      deviations: withoutDir(deviations, endpoint.dir),
      transcript: recorder.transcript({
        name: definition.id,
        what: definition.title,
        endpoint: target.name,
        dir: endpoint.dir,
        topology: session.topology,
        setup: files.setup,
      }),
    },
  };
}

async function runBody(definition: CaseDefinition, context: Context, setting: CaseSetting): Promise<Ending> {
  const { signal } = setting;
  const { caseTimeout } = setting.limits;
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
    return endingOf(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
  }
}

function endingOf(error: unknown): Ending {
  if (error instanceof CaseFailed) return { outcome: null };
  if (error instanceof CaseSkipped) return { outcome: 'skip', reason: error.message };
  if (error instanceof TimeoutError) return { outcome: 'timeout', reason: error.message };
  if (error instanceof EndpointGone) return { outcome: 'crash', reason: error.message };
  if (error instanceof ContainmentError) return { outcome: 'error', reason: error.message };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { outcome: 'error', reason: text };
}

/** How the process ended; null if it lives, or there is none. `expected`: its connection has ended already. */
async function death({ endpoint, main }: Session, expected: boolean): Promise<ExitInfo | null> {
  if (!endpoint.running) return endpoint.exited;
  if (!expected && main !== null) return null;
  return within<ExitInfo | null>(DEATH_MS, endpoint.exited, null);
}

function crashed({ code, signal }: ExitInfo, state: CaseState): Ending {
  const how = signal === null ? `exit status ${code}` : `signal ${signal}`;
  const message = `the endpoint ended unasked with ${how}`;
  state.deviate({ severity: 'must', message }, 'crash');
  return { outcome: 'crash', reason: message };
}

/** How often, and after how many milliseconds each, to look again whether files are closed. */
const CLOSING_TRIES = 5;
const CLOSING_PAUSE = 20;

/** Takes back what the case made, lets the checks look at the rest, and says whether all is as before. */
async function settle(
  session: Session,
  state: CaseState,
  baseline: SnapshotWithFiles,
  fresh: boolean,
  settled?: CaseSetting['settled'],
): Promise<boolean> {
  const undone = await state.ledger.undo();
  const snapshot = await state.checkRunner.retake();
  let after = snapshot && (await SnapshotWithFiles.of(session, snapshot));
  // a busy endpoint closes files a little after it said that nodes are gone
  for (let tries = 0; tries < CLOSING_TRIES && after !== null && baseline.hasFewerOpen(after); tries += 1) {
    await session.endpoint.settle(CLOSING_PAUSE);
    after = await SnapshotWithFiles.of(session, snapshot!);
  }
  await settled?.();
  const held: HeldAround | undefined =
    undone && after !== null && !fresh ? { before: baseline.held, after: after.held } : undefined;
  const told = state.checkRunner.deviations.length;
  await state.checkRunner.end(held);
  // what is left is told of once, not by each case that follows
  if (!undone || after === null || state.checkRunner.deviations.length > told) return false;
  if (!(await baseline.restored(session, after))) return false;
  session.baseline = baseline;
  return true;
}
