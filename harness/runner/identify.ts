/** Who an endpoint is, and what it offers by its own account. */
import type { EndpointIdentity } from '../../reports/record.ts';
import { isJsonObject } from '../../spec/json.ts';
import { type LearntSchema, learnSchema } from '../probe/endpoint-schema.ts';
import { type Target, withQuirks } from '../targets/target.ts';
import type { Session } from './endpoint-session.ts';
import { probeQuirks } from './probe-quirks.ts';

/** Who an endpoint is, and what it offers. */
export interface Identification extends Pick<LearntSchema, 'endpointSchema' | 'undecided'> {
  readonly identity: EndpointIdentity;
  /** The target as given, with the quirks that its endpoints have; the session knows them already. */
  readonly target: Target;
}

/** Rejects with `ClosedError` if the endpoint goes away meanwhile. */
export async function identify(target: Target, session: Session): Promise<Identification> {
  const { version = null } = session.main!.client.introduction;
  const packageName = isJsonObject(version) && typeof version.package === 'string' ? version.package : '';
  const { quirks, records, learnt } = await probeQuirks(session, target.quirks, () =>
    learnSchema(session.execute.bind(session), target.schema),
  );
  const { endpointSchema, undecided, ...facts } = learnt;
  return {
    endpointSchema,
    target: withQuirks(target, quirks),
    ...(undecided && { undecided }),
    identity: {
      target: target.name,
      version,
      ...(target.implementation && { implementation: target.implementation }),
      ...(packageName !== '' && { package: packageName }),
      argv: session.endpoint.argv.map((word) => word.replaceAll(session.endpoint.dir, '@DIR@')),
      ...facts,
      ...(records.length > 0 && { quirks: records }),
    },
  };
}
