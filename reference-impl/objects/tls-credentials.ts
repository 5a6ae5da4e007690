/** `tls-creds-x509`: certificates for one side of TLS connections, looked up by who opens or takes connections. */
import { resolve } from 'node:path';
import { loadTlsCredentials, type TlsCredentials, type TlsEndpoint } from '../crypto/tls-channel.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Properties } from './create-object.ts';
import type { ObjectContext, Objects, UserObject } from './objects.ts';

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

/** Reads the certificates at once. `priority` and `sanity-check` concern a TLS library that is not used here. */
export function tlsCredentialsX509(props: Properties, { cwd }: ObjectContext): TlsCredentialsObject {
  const dir = props.text('dir');
  const endpoint = props.text('endpoint') ?? 'client';
  const verifyPeer = flag(props, 'verify-peer');
  props.text('priority');
  flag(props, 'sanity-check');
  if (props.text('passwordid') !== undefined) throw new CommandError('encrypted keys are not supported');
  if (endpoint !== 'client' && endpoint !== 'server')
    throw new CommandError(`Parameter 'endpoint' does not accept value '${endpoint}'`);
  if (dir === undefined) throw new CommandError("Missing 'dir' property value");
  const credentials = loadTlsCredentials(resolve(cwd, dir), endpoint, verifyPeer);
  return { type: 'tls-creds-x509', credentials };
}

/** True if left out; a text where it comes from the command line. */
function flag(props: Properties, name: string): boolean {
  const value = props.take(name) ?? true;
  if (value === true || value === 'on' || value === 'yes') return true;
  if (value === false || value === 'off' || value === 'no') return false;
  throw new CommandError(`Invalid parameter type for '${name}', expected: boolean`);
}
