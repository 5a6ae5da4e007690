/** Before anything runs: an endpoint that cannot get at its scratch folder is told once, not by each case that needs files. */
import type { Schema } from '../../spec/model.ts';
import { unlessGone } from '../probe/asking.ts';
import { probeScratch, type ScratchAccess, type ScratchPort } from '../probe/scratch-access.ts';
import { StartError, type Target } from '../targets/target.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { Session } from './endpoint-session.ts';
import { type Identification, identify } from './identify.ts';
import { EMPTY_TOPOLOGY } from './run-on-pool.ts';

/** It came up, and the scratch folder is out of its reach. */
export class ScratchUnreachable extends StartError {}

/** Null where the target is said to see no folder of ours, or the endpoint is gone. */
export async function scratchAccess(
  target: Target,
  session: Session,
  endpointSchema: Schema,
): Promise<ScratchAccess | null> {
  if (!target.capabilities.sharedFiles || !session.usable) return null;
  return unlessGone(() => probeScratch(scratchPort(session, endpointSchema)));
}

/** What probes of the scratch folder are given. */
export function scratchPort(session: Session, endpointSchema: Schema): ScratchPort {
  const { scratch, endpoint } = session;
  return { execute: session.execute.bind(session), endpointSchema, dir: endpoint.dir, scratch };
}

/**
 * Who an endpoint is, before cases or programs run on its like. Rejects as `identify` does, and with `ScratchUnreachable` where
 * that is certain; what the endpoint leaves open is for the cases.
 */
export async function meet(target: Target, session: Session): Promise<Identification> {
  const identification = await identify(target, session);
  const access = await scratchAccess(target, session, identification.endpointSchema);
  const fault = access === null ? null : scratchFault(access);
  if (fault !== null) throw new ScratchUnreachable(`${fault}: ${cureFor(target)}`);
  return identification;
}

/**
 * The same of the endpoints of a pool: one is started and asked, and what the pool starts later is of the target as it is known
 * then. Rejects as `meet` does, and as the pool's `acquire`.
 */
export async function meetOn(pool: EndpointPool, target: Target): Promise<Identification> {
  const first = await pool.acquire(EMPTY_TOPOLOGY);
  const identification = await meet(target, first);
  pool.adopt(identification.target);
  await pool.release(first, first.usable ? 'clean' : 'broken');
  return identification;
}

/** What it cannot do, in a line; null where nothing is known to be wrong. */
export function scratchFault({ reads, writes, makes, told }: ScratchAccess): string | null {
  const words = told === undefined ? '' : ` (${told.replaceAll('\n', ' ')})`;
  if (reads === 'no') return `the endpoint cannot read the scratch folder${words}`;
  if (writes === 'no') return `the endpoint cannot write to files in the scratch folder${words}`;
  if (makes === 'no') return `the endpoint cannot make files in the scratch folder${words}`;
  return null;
}

/** Which option helps. */
export function cureFor({ folder }: Target): string {
  const how =
    folder === undefined
      ? 'name a folder that both see with --directory HERE[=THERE]'
      : `--directory says that it is ${folder.there} there, which does not seem so, or its user may not enter it`;
  return `${how}; --directory none leaves out what needs files`;
}
