/**
 * Transcripts as something that both sides run: what was recorded is sent again, what was answered then plays no part.
 * The host's commands work in each side's own scratch folder, those of the setup before the endpoint starts. Skipped are
 * transcripts with steps that lockstep has no place for: a guest's I/O ports are no monitor, each monitor is
 * negotiated when it is opened, and servers of a setup would have to outlive it.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition, MonitorHandle } from '../cases/case.ts';
import { AutoNames, translateNames } from '../differ/normalize.ts';
import type { Session } from '../runner/endpoint-session.ts';
import { Host, HostLacks } from '../runner/replay/host.ts';
import { Placeholders } from '../runner/replay/placeholders.ts';
import type { TranscriptFile, TranscriptFileStep } from '../runner/replay/transcript-file.ts';
import { ContainmentError } from '../targets/containment.ts';
import type { DiffInput } from './diff-inputs.ts';

/** Longest wait for an event, milliseconds, and the pause between two looks. */
const WAIT_MS = 2_000;
const LOOK_MS = 5;

/** Commands of a setup whose work is gone when it is over. */
const STAYING: ReadonlySet<string> = new Set(['@nbd', '@http', '@losetup']);

export function transcriptInput(where: string, transcript: TranscriptFile): DiffInput {
  const monitors = Math.max(0, ...transcript.steps.map(({ monitor }) => monitor ?? 0)) + 1;
  const definition: CaseDefinition = {
    id: where,
    title: transcript.name,
    requirements: [],
    topology: { name: `transcript ${where}`, images: [], options: transcript.argv, monitors },
    run: () => Promise.reject(new Error('a transcript needs its session')),
  };
  return {
    where,
    definition,
    prepare: (scratch) => setUp(transcript, scratch),
    make: (session) => ({ definition: { ...definition, run: (t) => playContained(transcript, t, session) } }),
  };
}

async function setUp({ setup }: TranscriptFile, scratch: string): Promise<void> {
  const placeholders = new Placeholders();
  placeholders.set('@DIR@', scratch);
  const host = new Host(scratch, placeholders);
  try {
    for (const command of setup) {
      const { rc, stderr } = await host.run(command);
      if (rc !== 0) throw new Error(`setup: ${command.join(' ')}: exit ${rc}: ${stderr}`);
    }
  } finally {
    await host.close();
  }
}

/** What names something outside the scratch folder is not sent again. */
async function playContained(transcript: TranscriptFile, t: CaseContext, session: Session): Promise<void> {
  if (transcript.setup.some(([program]) => STAYING.has(program))) t.skip('a setup that starts a server');
  const own = new Placeholders();
  own.set('@DIR@', session.scratch);
  const host = new Host(session.scratch, own);
  try {
    await play(transcript, t, { session, host });
  } catch (error) {
    if (error instanceof ContainmentError || error instanceof HostLacks) t.skip(error.message);
    throw error;
  } finally {
    await host.close();
  }
}

/** Where steps go that are not for a monitor. */
interface Stage {
  readonly session: Session;
  readonly host: Host;
}

async function play(transcript: TranscriptFile, t: CaseContext, stage: Stage): Promise<void> {
  const placeholders = new Placeholders();
  placeholders.set('@DIR@', t.dir);
  const names = { recorded: new AutoNames(), own: new AutoNames() };
  const monitors = new Map<number, MonitorHandle>([[0, t]]);
  for (const step of transcript.steps) {
    const index = step.monitor ?? 0;
    const monitor = monitors.get(index) ?? (await t.monitor(index));
    monitors.set(index, monitor);
    const fill = (value: Json): Json =>
      translateNames(placeholders.fillAll(value), names.recorded, names.own);
    const answer = await playStep(step, monitor, stage, fill, t);
    for (const value of [...(step.replies ?? [step.reply ?? null]), ...(step.events ?? [])])
      names.recorded.renumber(value);
    names.own.renumber(answer);
  }
}

/** Gives what it brought. */
async function playStep(
  step: TranscriptFileStep,
  monitor: MonitorHandle,
  { session: { endpoint }, host }: Stage,
  fill: (value: Json) => Json,
  t: CaseContext,
): Promise<Json> {
  if (isJsonObject(step.send)) return monitor.request(fill(step.send) as JsonObject);
  if (step.raw !== undefined) return [...(await monitor.raw(String(fill(step.raw)))).messages];
  if (step['raw-hex'] !== undefined)
    return [...(await monitor.raw(Buffer.from(step['raw-hex'], 'hex'))).messages];
  if (step.sleep !== undefined) await endpoint.settle(step.sleep * 1000);
  else if (step.wait !== undefined) {
    const { event } = step.wait;
    const came = (): boolean => monitor.pending().some((one) => one.event === event);
    for (let waited = 0; waited < WAIT_MS && !came(); waited += LOOK_MS) await endpoint.settle(LOOK_MS);
    return monitor.pending() as unknown as Json;
  } else if (step.host !== undefined) await host.run(step.host);
  else if (step.restart !== undefined) t.skip('a step that starts the endpoint again');
  else t.skip(step.qtest === undefined ? 'a step on an unnegotiated connection' : 'a step of a guest');
  return null;
}
