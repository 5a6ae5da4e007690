/** Who an endpoint is, and what it offers by its own account. */
import type { EndpointIdentity } from '../../reports/record.ts';
import { isJsonObject } from '../../spec/json.ts';
import { type LearntSchema, learnSchema } from '../probe/endpoint-schema.ts';
import type { Target } from '../targets/target.ts';
import type { Session } from './endpoint-session.ts';

/** Who an endpoint is, and what it offers. */
export interface Identification extends Pick<LearntSchema, 'endpointSchema' | 'undecided'> {
  readonly identity: EndpointIdentity;
}

/** Rejects with `ClosedError` if the endpoint goes away meanwhile. */
export async function identify(target: Target, session: Session): Promise<Identification> {
  const { QMP: qmp } = session.main!.client.greeting;
  const version = isJsonObject(qmp) ? (qmp.version ?? null) : null;
  const packageName = isJsonObject(version) && typeof version.package === 'string' ? version.package : '';
  const { endpointSchema, undecided, ...facts } = await learnSchema(
    session.execute.bind(session),
    target.schema,
  );
  return {
    endpointSchema,
    ...(undecided && { undecided }),
    identity: {
      target: target.name,
      version,
      ...(target.implementation && { implementation: target.implementation }),
      ...(packageName !== '' && { package: packageName }),
      argv: session.endpoint.argv.map((word) => word.replaceAll(session.endpoint.dir, '@DIR@')),
      ...facts,
    },
  };
}
