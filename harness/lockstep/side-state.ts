/** What is known of one side while it runs: its session, its exchanges, whether jobs may be there. */
import type { Schema } from '../../spec/model.ts';
import type { CaseContext } from '../cases/case.ts';
import type { Session } from '../runner/endpoint-session.ts';
import type { SnapshotWithContents } from '../state/snapshot-with-contents.ts';

export class SideState {
  session: Session | null = null;
  /** The case's own, for as long as what the side holds may be looked at. */
  context: CaseContext | null = null;
  /** Exchanges begun, and the numbers of those not answered yet, with their monitors. */
  exchanges = 0;
  readonly inFlight = new Map<number, number>();
  /** Numbers of exchanges at which chance decides how far others in flight are. */
  readonly overlapped = new Set<number>();
  /** A command may have started a job that is there still. */
  jobs = false;
  /** It has done so since jobs were looked at last. */
  started = false;
  /** Something may have changed since the last snapshot. */
  stirred = false;
  /** The case is over. */
  over = false;
  /** By number of the exchange before it. */
  readonly snapshots = new Map<number, SnapshotWithContents>();
  readonly endpointSchema: Schema;

  constructor(endpointSchema: Schema) {
    this.endpointSchema = endpointSchema;
  }

  get usable(): boolean {
    const { session } = this;
    return session !== null && session.main !== null && session.endpoint.running;
  }
}
