/** Who an endpoint is, and what it offers by its own account. */
import { createHash } from 'node:crypto';
import type { EndpointIdentity } from '../../reports/record.ts';
import { readIntrospection } from '../../spec/introspection.ts';
import { isJsonObject, type Json, stringifyJson } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { Session } from './endpoint-session.ts';

/** Who an endpoint is, and what it offers. */
export interface Identification {
  readonly identity: EndpointIdentity;
  readonly endpointSchema: Schema;
}

/** Rejects if the endpoint does not answer `query-qmp-schema` with a readable schema. */
export async function identify(target: string, session: Session): Promise<Identification> {
  const { QMP: qmp } = session.main!.client.greeting;
  const version = isJsonObject(qmp) ? (qmp.version ?? null) : null;
  const packageName = isJsonObject(version) && typeof version.package === 'string' ? version.package : '';
  const answer = await session.execute('query-qmp-schema');
  return {
    endpointSchema: readIntrospection(answer),
    identity: {
      target,
      version,
      ...(packageName !== '' && { package: packageName }),
      argv: session.endpoint.argv.map((word) => word.replaceAll(session.scratch, '@DIR@')),
      schemaDigest: schemaDigest(answer),
    },
  };
}

/** SHA-256, hex, of the introspection with entries and members in alphabetic order. */
export function schemaDigest(introspection: Json): string {
  const entries = (Array.isArray(introspection) ? introspection : [introspection]).map((entry) =>
    stringifyJson(sorted(entry)),
  );
  return createHash('sha256').update(entries.toSorted().join('\n')).digest('hex');
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key]!)]),
  );
}
