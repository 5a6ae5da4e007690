/**
 * Whether an endpoint reads and writes the scratch folder as we see it. A file that is there is opened, for writing and else
 * only for reading, and one that is not; a socket is made in the folder. All of it is taken back at once.
 */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NOBODY } from '../../spec/effects/effects.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { driversOf } from '../../spec/restrict-schema.ts';
import type { Query } from '../state/snapshot.ts';
import { NO_ANSWER, refusalOf } from './asking.ts';
import type { Refusal } from './unknown-name.ts';

/** Name of the node that it makes, and of what it makes in the folder. */
const NODE = 'qmpcheck-scratch';
const FILE = 'qmpcheck-scratch.img';
const SOCKET = 'qmpcheck-scratch.sock';
const BYTES = 64 << 10;

/** What endpoints say of a file that they cannot get at; of any other fault nothing follows for the folder. */
const OUT_OF_REACH =
  /denied|not permitted|permission|no such file|not found|does ?n[o']t exist|not exist|cannot find|read.only file|E(ACCES|PERM|NOENT|ROFS)\b/i;

/** What is known of one right; `unknown`: the endpoint offers nothing that would show it, or its answer does not tell. */
export type Access = 'yes' | 'no' | 'unknown';

/** What an endpoint may do in its scratch folder. */
export interface ScratchAccess {
  readonly reads: Access;
  /** Opens for writing what we made. */
  readonly writes: Access;
  /** Makes something new. */
  readonly makes: Access;
  /** What was refused, in the endpoint's words, or why nothing is known. */
  readonly told?: string;
}

/** What a probe of the scratch folder is given. */
export interface ScratchPort {
  readonly execute: Query;
  readonly endpointSchema: Schema;
  /** The folder as the endpoint sees it, and as we do. */
  readonly dir: string;
  readonly scratch: string;
}

/** Leaves endpoint and folder as they were. Rejects with `ClosedError` if the endpoint goes away meanwhile. */
export async function probeScratch(port: ScratchPort): Promise<ScratchAccess> {
  const { commands } = port.endpointSchema;
  const lacking = ['blockdev-add', 'blockdev-del'].find((name) => !commands.has(name));
  if (lacking !== undefined) return unknown(`the endpoint does not offer ${lacking}`);
  if (!driversOf(port.endpointSchema).includes('file'))
    return unknown('the endpoint does not offer driver file');
  try {
    await writeFile(join(port.scratch, FILE), Buffer.alloc(BYTES));
    const opened = await probeFile(port);
    return {
      ...opened,
      ...(opened.reads === 'no' ? { makes: 'unknown' } : await probeFolder(port, opened.told)),
    };
  } finally {
    await Promise.all([FILE, NOBODY, SOCKET].map((name) => rm(join(port.scratch, name), { force: true })));
  }
}

function unknown(told: string): ScratchAccess {
  return { reads: 'unknown', writes: 'unknown', makes: 'unknown', told };
}

async function probeFile(port: ScratchPort): Promise<Omit<ScratchAccess, 'makes'>> {
  const missing = await opens(port, NOBODY, true);
  if (missing === null && !existsSync(join(port.scratch, NOBODY)))
    return { reads: 'unknown', writes: 'unknown', told: 'the endpoint opens files that are not there' };
  const writing = await opens(port, FILE, false);
  if (writing === null) return { reads: 'yes', writes: 'yes' };
  const reading = await opens(port, FILE, true);
  if (reading === null) return { reads: 'yes', writes: verdictOn(writing), told: textOf(writing) };
  // One that refuses both files alike sees no difference between them, if it is about files at all.
  const isAboutFiles = missing !== null && (missing.desc.includes(NOBODY) || /\bopen/i.test(missing.desc));
  const isAlike = isAboutFiles && missing.desc.replaceAll(NOBODY, FILE) === reading.desc;
  const reads = isAlike ? 'no' : verdictOn(reading);
  return { reads, writes: reads, told: textOf(reading) };
}

/** How it refuses to open a file of the folder; null if it did, and closed it again. */
async function opens(
  { execute, dir }: ScratchPort,
  name: string,
  readOnly: boolean,
): Promise<Refusal | null> {
  const options: JsonObject = { driver: 'file', 'node-name': NODE, filename: `${dir}/${name}` };
  const refusal = await refusalOf(execute, 'blockdev-add', {
    ...options,
    ...(readOnly && { 'read-only': true }),
  });
  // a node whose making was not answered may be there, too
  if (refusal === null || refusal === NO_ANSWER)
    await refusalOf(execute, 'blockdev-del', { 'node-name': NODE });
  return refusal;
}

/** By a socket, which is all that a server without an export makes. */
async function probeFolder(
  { execute, endpointSchema: { commands }, dir, scratch }: ScratchPort,
  told?: string,
): Promise<Pick<ScratchAccess, 'makes' | 'told'>> {
  const before = told === undefined ? {} : { told };
  if (!commands.has('nbd-server-start') || !commands.has('nbd-server-stop'))
    return { makes: 'unknown', ...before };
  const addr = { type: 'unix', data: { path: `${dir}/${SOCKET}` } };
  const refusal = await refusalOf(execute, 'nbd-server-start', { addr });
  if (refusal !== null) {
    const makes = verdictOn(refusal);
    return { makes, ...(makes === 'no' ? { told: told ?? textOf(refusal) } : before) };
  }
  const isThere = existsSync(join(scratch, SOCKET));
  await refusalOf(execute, 'nbd-server-stop', {});
  // One that answers success and makes nothing is for the cases to find.
  return { makes: isThere ? 'yes' : 'unknown', ...before };
}

function verdictOn({ desc }: Refusal): Access {
  return OUT_OF_REACH.test(desc) ? 'no' : 'unknown';
}

function textOf({ class: of, desc }: Refusal): string {
  return `${of}: ${desc}`;
}
