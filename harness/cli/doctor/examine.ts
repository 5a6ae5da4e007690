/**
 * What `qmpcheck doctor` finds out, as data:
 *
 *   1. who it is, and how it keeps to the protocol;
 *   2. by which schema it is tested, and what of the spec it has;
 *   3. what it does in the scratch folder, and how contents are reached;
 *   4. which cases can run, and for want of what the others cannot.
 */
import type { EndpointIdentity, QuirkRecord } from '../../../reports/record.ts';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import type { Schema } from '../../../spec/model.ts';
import { driversOf } from '../../../spec/restrict-schema.ts';
import { derivedCases } from '../../cases/derived/index.ts';
import { cases } from '../../cases/index.ts';
import { unlessGone } from '../../probe/asking.ts';
import { type ContentsAccess, probeContents } from '../../probe/contents-access.ts';
import type { ScratchAccess } from '../../probe/scratch-access.ts';
import type { Undecided } from '../../probe/undecided.ts';
import type { Session } from '../../runner/endpoint-session.ts';
import { identify } from '../../runner/identify.ts';
import { intersect } from '../../runner/intersect.ts';
import { cureFor, scratchAccess, scratchFault, scratchPort } from '../../runner/meet-endpoint.ts';
import { skipReason } from '../../runner/needs.ts';
import type { Target } from '../../targets/target.ts';
import { within } from '../../time-limits.ts';

/** Milliseconds for a second client to be greeted. */
const GREETING_MS = 500;

/** Names of one kind, held against the spec. */
export interface Offer {
  readonly offered: readonly string[];
  /** Those of the spec that it lacks. */
  readonly lacking: readonly string[];
  /** Those that the spec does not have. */
  readonly further: readonly string[];
}

export interface SkippedCases {
  readonly reason: string;
  readonly cases: readonly string[];
}

/** `no`: a run would end at once. */
export type Readiness = 'yes' | 'with reservations' | 'no';

/** All that is found out, as `--json` prints it. */
export interface Diagnosis {
  readonly ready: Readiness;
  /** What is amiss, a line each, the worst first. */
  readonly reservations: readonly string[];
  readonly endpoint: EndpointIdentity;
  readonly monitors: {
    /** Most that an endpoint of this target has. */
    readonly most: number;
    /** Whether one monitor greets a second client while the first is connected; null: not tried, each has one of its own. */
    readonly sharesOne: boolean | null;
  };
  readonly quirks: readonly QuirkRecord[];
  readonly commands: Offer;
  readonly events: Offer;
  readonly drivers: Offer & {
    /** Its schema lists them, and it may still lack them: only use shows. */
    readonly undecided: readonly string[];
  };
  /** Null: the target is said to see no folder of ours. */
  readonly scratch: (ScratchAccess & { readonly here: string; readonly there: string }) | null;
  /** Null where there is no scratch folder to try it in. */
  readonly contents: ContentsAccess | null;
  /** Whether a replay may drive guest devices over QEMU's test protocol. */
  readonly qtest: boolean;
  readonly cases: { readonly run: number; readonly skipped: readonly SkippedCases[] };
}

/** Leaves the endpoint as it was. Rejects with `ClosedError` if it goes away before it is known who it is. */
export async function examine(target: Target, session: Session): Promise<Diagnosis> {
  const { identity, endpointSchema, undecided } = await identify(target, session);
  const { quirks = [] } = identity;
  const access = await scratchAccess(target, session, endpointSchema);
  const port = scratchPort(session, endpointSchema);
  const contents = access?.reads === 'yes' ? await unlessGone(() => probeContents(port)) : null;
  const isGone = !session.usable;
  const fault = access === null ? null : scratchFault(access);
  const spec = loadBlockSchema();
  const found = {
    reservations: [
      ...(fault === null ? [] : [`${fault}: ${cureFor(target)}`]),
      ...quirks.map(({ does }) => `the endpoint ${does}`),
      ...schemaReservations(identity),
      ...(isGone ? ['it ended, or closed the connection, over a probe that does nothing'] : []),
    ],
    endpoint: identity,
    monitors: {
      most: target.capabilities.monitors,
      sharesOne: isGone ? null : await sharesMonitor(target, session),
    },
    quirks,
    commands: offer(endpointSchema.commands.keys(), spec.commands.keys()),
    events: offer(endpointSchema.events.keys(), spec.events.keys()),
    drivers: {
      ...offer(driversOf(endpointSchema), driversOf(spec)),
      undecided: identity.schemaOrigin === undefined ? undecidedDrivers(endpointSchema, undecided) : [],
    },
    scratch: access && { ...access, here: session.scratch, there: session.endpoint.dir },
    contents,
    qtest: target.capabilities.qtest,
    cases: planned(target, spec, endpointSchema, undecided),
  };
  const ready = fault !== null ? 'no' : found.reservations.length > 0 ? 'with reservations' : 'yes';
  return { ready, ...found };
}

/** That it has none is no fault; that it answers with one that is none, is. */
function schemaReservations({ schemaOrigin }: EndpointIdentity): string[] {
  const { reason } = schemaOrigin ?? {};
  return reason === undefined || /^query-qmp-schema: \w+: /.test(reason)
    ? []
    : [`its introspection is of no use: ${reason}`];
}

function offer(offered: Iterable<string>, known: Iterable<string>): Offer {
  const [ours, specs] = [new Set(offered), new Set(known)];
  return {
    offered: [...ours],
    lacking: [...specs].filter((name) => !ours.has(name)),
    further: [...ours].filter((name) => !specs.has(name)),
  };
}

function undecidedDrivers(endpointSchema: Schema, undecided: Undecided | undefined): string[] {
  const open = undecided?.drivers ?? [];
  return driversOf(endpointSchema).filter((name) => open.includes(name));
}

/** Only of an address it is not known before. */
async function sharesMonitor({ capabilities }: Target, session: Session): Promise<boolean | null> {
  if (capabilities.owned || !capabilities.reconnects) return null;
  const second = session.unnegotiated(0).then(
    () => true,
    () => false,
  );
  const greeted = await within(GREETING_MS, second, false);
  await session.closeExtraLinks();
  return greeted;
}

function planned(
  { capabilities }: Target,
  spec: Schema,
  endpointSchema: Schema,
  undecided: Parameters<typeof skipReason>[3],
): Diagnosis['cases'] {
  const reasons = new Map<string, string[]>();
  const all = [...cases, ...derivedCases(intersect(spec, endpointSchema))];
  for (const one of all) {
    const reason = skipReason(one, endpointSchema, capabilities, undecided);
    if (reason !== null) reasons.set(reason, [...(reasons.get(reason) ?? []), one.id]);
  }
  const skipped = [...reasons].map(([reason, ids]) => ({ reason, cases: ids }));
  const left = skipped.reduce((sum, { cases: ids }) => sum + ids.length, 0);
  return { run: all.length - left, skipped: skipped.toSorted((a, b) => b.cases.length - a.cases.length) };
}
