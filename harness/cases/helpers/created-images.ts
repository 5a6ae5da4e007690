/**
 * Image creation under both of its names: x-blockdev-create, which has made the image when it returns, and the job
 * blockdev-create that took its place.
 */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, Needs } from '../case.ts';
import { shown } from '../case-text.ts';
import { chainNodes } from './backing-chains.ts';
import { type CaseFile, checkClass, fileNodes, makeFile, queryList, virtualSize } from './shared-setup.ts';

/** Options of one branch of `BlockdevCreateOptions`. */
export type CreateOptions = JsonObject & { readonly driver: string };

/** Either command is enough to make an image. */
const either: readonly Needs[] = [
  { commands: ['x-blockdev-create'] },
  { commands: ['blockdev-create', 'query-jobs', 'job-dismiss'], events: ['JOB_STATUS_CHANGE'] },
];

/** What a case uses that makes images through the endpoint. */
export const fileCreation: Needs = { ...fileNodes, oneOf: either };
/** The same of qcow2 images. */
export const qcow2Creation: Needs = { ...chainNodes, oneOf: either };

/** Makes an image. A refusal fails the case, and leaves what the endpoint lacks to a skip. */
export async function createImage(t: CaseContext, options: CreateOptions): Promise<void> {
  const fault = await creationFault(t, options);
  t.check(fault === null, 'the image must be made', `it was refused: ${fault}`);
}

/** Makes a qcow2 image with these options in a file of its own. */
export async function createQcow2(t: CaseContext, options: JsonObject): Promise<CaseFile> {
  const file = await makeFile(t, 0);
  await createImage(t, { driver: 'qcow2', file: { driver: 'file', filename: file.path }, ...options });
  return file;
}

/** States that no such image can be made, and gives what the endpoint says. */
export async function creationRefused(t: CaseContext, options: CreateOptions): Promise<string> {
  const fault = await creationFault(t, options);
  t.check(fault !== null, `creation of ${shown(options)} must be refused`, 'it was accepted');
  return fault;
}

/** Null if the image was made, else the text of the error. */
async function creationFault(t: CaseContext, options: CreateOptions): Promise<string | null> {
  if (t.endpointSchema.commands.has('x-blockdev-create')) {
    const { error } = await t.request({ execute: 'x-blockdev-create', arguments: options });
    return textOf(t, error);
  }
  const id = t.name('create');
  const { error } = await t.request({
    execute: 'blockdev-create',
    arguments: { 'job-id': id, options },
  });
  if (error !== undefined) return textOf(t, error);
  await t.event('JOB_STATUS_CHANGE', { id, status: 'concluded' });
  const job = (await queryList(t, 'query-jobs')).find((found) => found.id === id);
  t.check(job !== undefined, 'a concluded job must be listed until it is dismissed', 'it is not');
  await t.execute('job-dismiss', { id });
  return job.error === undefined ? null : String(job.error);
}

/** States that an image just made opens, with these further options, as a node of its size. */
export async function checkOpens(
  t: CaseContext,
  { size, driver, file, filename }: CreateOptions,
  options: JsonObject = {},
): Promise<void> {
  const name = t.name('opened');
  const place = driver === 'file' ? { filename: filename! } : { file: file!, backing: null };
  await t.execute('blockdev-add', { driver, 'node-name': name, ...place, ...options });
  t.equal(await virtualSize(t, name), size ?? null, 'the new image must open as a node of its size');
  await t.execute('blockdev-del', { 'node-name': name });
}

/** The text of a refusal; null without one. */
function textOf(t: CaseContext, error: Json | undefined): string | null {
  if (error === undefined) return null;
  checkClass(t, error, ['GenericError']);
  return String(error.desc);
}
