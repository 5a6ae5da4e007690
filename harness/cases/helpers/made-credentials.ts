/** TLS credentials that cases give the endpoint, of certificates that they made. */
import type { Json } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { objectArguments } from './made-objects.ts';
import type { Certificate } from './peers/certificate.ts';
import { makeDirectory, makeFileIn } from './shared-setup.ts';

/** The type of such objects. */
export const X509 = 'tls-creds-x509';

type Properties = Readonly<Record<string, Json>>;

/** A folder with an authority's certificate, and with the certificate and key of these sides. Gives its path. */
export async function credentialsFolder(
  t: CaseContext,
  authority: Certificate,
  sides: Readonly<Record<string, Certificate>> = {},
): Promise<string> {
  const folder = await makeDirectory(t);
  await makeFileIn(folder, 'ca-cert.pem', authority.cert);
  for (const [side, { cert, key }] of Object.entries(sides)) {
    await makeFileIn(folder, `${side}-cert.pem`, cert);
    await makeFileIn(folder, `${side}-key.pem`, key);
  }
  return folder.path;
}

/** Properties of credentials from a folder. Certificates that sign themselves are not what the check of the files wants. */
export const credentialsFrom = (dir: string, props: Properties): Properties => ({
  dir,
  'sanity-check': false,
  ...props,
});

/** Makes credentials from a folder, and gives their id. */
export async function addCredentials(t: CaseContext, dir: string, props: Properties): Promise<string> {
  const id = t.name('creds');
  await t.execute('object-add', objectArguments(t, X509, id, credentialsFrom(dir, props)));
  return id;
}
