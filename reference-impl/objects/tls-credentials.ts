/** `tls-creds-x509`: certificates for one side of TLS connections, looked up by who opens or takes connections. */
import { CommandError } from '../errors.ts';
import type { TlsCredentials, TlsEndpoint } from '../io/tls.ts';
import type { Objects, UserObject } from './objects.ts';

export interface TlsCredentialsObject extends UserObject {
  readonly type: 'tls-creds-x509';
  readonly credentials: TlsCredentials;
}

/** Throws `CommandError` if there are none of this id, or they are for the other side. */
export function findTlsCredentials(objects: Objects, id: string, endpoint: TlsEndpoint): TlsCredentials {
  const object = objects.find(id);
  if (!object) throw new CommandError(`No TLS credentials with id '${id}'`);
  if (object.type !== 'tls-creds-x509')
    throw new CommandError(`Object with id '${id}' is not TLS credentials`);
  const { credentials } = object as TlsCredentialsObject;
  if (credentials.endpoint !== endpoint)
    throw new CommandError(`Expected TLS credentials for a ${endpoint} endpoint`);
  return credentials;
}
