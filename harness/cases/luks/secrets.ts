/** Secrets, by what they open: their data in place or in a file, in base64, and encrypted under another secret. */
import { createCipheriv } from 'node:crypto';
import type { Json } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { luksVolume } from '../helpers/made-luks.ts';
import { objectArguments } from '../helpers/made-objects.ts';
import { type CaseFile, makeFile, needs } from '../helpers/shared-setup.ts';
import { openVolume, PASSPHRASE, refusesVolume, volumes } from './volumes.ts';

type Properties = Readonly<Record<string, Json>>;

const secretsOfCases: Needs = needs(volumes, { commands: ['object-add', 'object-del'], objects: ['secret'] });

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64');

/** A volume that the passphrase opens. */
function makeVolume(t: CaseContext): Promise<CaseFile> {
  const shape = { mode: 'cbc-plain64', keyBytes: 16, iterations: 1, digestIterations: 1 };
  return makeFile(t, luksVolume({ ...shape, passphrases: { 0: PASSPHRASE } }));
}

async function addSecret(t: CaseContext, props: Properties): Promise<string> {
  const id = t.name('secret');
  await t.execute('object-add', objectArguments(t, 'secret', id, props));
  return id;
}

/** States that no such secret can be made, and gives its id, which is free still. */
async function refusesSecret(t: CaseContext, props: Properties): Promise<void> {
  const id = t.name('secret');
  await t.refused('object-add', objectArguments(t, 'secret', id, props));
  await t.execute('object-add', objectArguments(t, 'secret', id, { data: PASSPHRASE }));
}

/** States that a secret of these properties holds the passphrase, or that it does not. */
async function checkSecret(t: CaseContext, volume: CaseFile, props: Properties, opens = true): Promise<void> {
  const id = await addSecret(t, props);
  if (opens) await release(t, [await openVolume(t, volume, id)]);
  else await refusesVolume(t, volume, id);
}

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 200 - index));
const IV = Buffer.from(Array.from({ length: 16 }, (_, index) => 11 * index));

/** As the documentation has it: AES-256 in CBC mode, padded. */
function encrypted(data: string): Buffer {
  const cipher = createCipheriv('aes-256-cbc', KEY, IV);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

export const secretCases: readonly CaseDefinition[] = [
  {
    id: 'secrets/data',
    title: 'A secret holds the data given in place or those of a file, as they are or decoded from base64',
    requirements: ['luks/key-secret'],
    needs: secretsOfCases,
    async run(t: CaseContext) {
      const volume = await makeVolume(t);
      const inFile = async (text: string): Promise<string> => (await makeFile(t, Buffer.from(text))).path;
      for (const props of [
        { data: PASSPHRASE, format: 'raw' },
        { data: base64(PASSPHRASE), format: 'base64' },
        { file: await inFile(PASSPHRASE) },
        { file: await inFile(`${base64(PASSPHRASE)}\n`), format: 'base64' },
      ])
        await checkSecret(t, volume, props);
      for (const props of [{ data: base64(PASSPHRASE) }, { file: await inFile(`${PASSPHRASE}\n`) }])
        await checkSecret(t, volume, props, false);
    },
  },
  {
    id: 'secrets/refused',
    title: 'A secret needs data or a file, not both, a format that there is, and data that fit it',
    requirements: ['luks/key-secret'],
    needs: secretsOfCases,
    async run(t: CaseContext) {
      const file = (await makeFile(t, Buffer.from(PASSPHRASE))).path;
      for (const props of [
        {},
        { format: 'raw' },
        { data: PASSPHRASE, file },
        { data: PASSPHRASE, format: 'hex' },
        { data: 'YWJj*ZGVm', format: 'base64' },
        { file: `${file}.none` },
        { data: PASSPHRASE, nonsense: 'x' },
      ])
        await refusesSecret(t, props);
    },
  },
  {
    id: 'secrets/encrypted',
    title: 'With keyid and iv the data of a secret are decrypted under the key that another secret holds',
    requirements: ['luks/key-secret'],
    needs: secretsOfCases,
    async run(t: CaseContext) {
      const volume = await makeVolume(t);
      const keyid = await addSecret(t, { data: base64(KEY), format: 'base64' });
      const iv = base64(IV);
      const other = base64(IV.map((byte, index) => (index === 0 ? byte ^ 1 : byte)));
      const data = base64(encrypted(PASSPHRASE));
      const sealed = { data, format: 'base64', keyid, iv };
      await checkSecret(t, volume, sealed);
      const file = (await makeFile(t, encrypted(PASSPHRASE))).path;
      await checkSecret(t, volume, { file, keyid, iv });
      await checkSecret(t, volume, { ...sealed, iv: other }, false);
      const short = await addSecret(t, { data: base64(KEY.subarray(1)), format: 'base64' });
      for (const wrong of [
        { data, format: 'base64', keyid },
        { ...sealed, keyid: 'none' },
        { ...sealed, keyid: short },
        { ...sealed, iv: base64(IV.subarray(1)) },
        { ...sealed, iv: base64(Buffer.concat([IV, IV])) },
        { ...sealed, iv: '***' },
        { ...sealed, data: base64(encrypted(PASSPHRASE).subarray(1)) },
      ])
        await refusesSecret(t, wrong);
    },
  },
  {
    id: 'secrets/deleted',
    title:
      'A secret that is deleted opens no more, its id is free for another, and what it opened stays open',
    requirements: ['luks/key-secret'],
    needs: secretsOfCases,
    async run(t: CaseContext) {
      const volume = await makeVolume(t);
      const id = await addSecret(t, { data: PASSPHRASE });
      await t.refused('object-add', objectArguments(t, 'secret', id, { data: 'other' }));
      const node = await openVolume(t, volume, id);
      await t.execute('object-del', { id });
      await t.refused('object-del', { id });
      await release(t, [node]);
      await refusesVolume(t, volume, id);
      await t.execute('object-add', objectArguments(t, 'secret', id, { data: PASSPHRASE }));
      await release(t, [await openVolume(t, volume, id)]);
    },
  },
];
