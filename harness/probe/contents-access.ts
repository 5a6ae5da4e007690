/** By which ways the contents of an endpoint's nodes can be reached from outside: each is tried on a node of a file of ours. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../spec/json.ts';
import { NbdAccess, offersData } from '../contents/nbd-access.ts';
import { NbdClosed, NbdError } from '../nbd/nbd-client.ts';
import { QmpError } from '../qmp/errors.ts';
import { refusalOf } from './asking.ts';
import type { Access, ScratchPort } from './scratch-access.ts';

const NODE = 'qmpcheck-contents';
const FILE = 'qmpcheck-contents.img';
const BYTES = 64 << 10;
const BYTE = 0x5a;
/** Milliseconds for one visit to an export. */
const VISIT_MS = 2_000;

/** Whether one way works. */
export interface Way {
  readonly works: Access;
  /** Why it does not, or why that is not known. */
  readonly told?: string;
}

/** The ways that are tried. */
export interface ContentsAccess {
  /** An export of its NBD server. */
  readonly nbd: Way;
  /** `qemu-io` of the human monitor. */
  readonly humanMonitor: Way;
}

/** Leaves endpoint and folder as they were. Rejects with `ClosedError` if the endpoint goes away meanwhile. */
export async function probeContents(port: ScratchPort): Promise<ContentsAccess> {
  const { execute, dir, scratch } = port;
  await writeFile(join(scratch, FILE), Buffer.alloc(BYTES, BYTE));
  const file = { driver: 'file', 'node-name': NODE, filename: `${dir}/${FILE}`, 'read-only': true };
  const refusal = await refusalOf(execute, 'blockdev-add', file);
  try {
    if (refusal !== null) {
      const way: Way = { works: 'unknown', told: `no node to try it on: ${refusal.desc}` };
      return { nbd: way, humanMonitor: way };
    }
    return { nbd: await byNbd(port), humanMonitor: await byHumanMonitor(port) };
  } finally {
    if (refusal === null) await refusalOf(execute, 'blockdev-del', { 'node-name': NODE });
    await rm(join(scratch, FILE), { force: true });
  }
}

async function byNbd({ execute, endpointSchema, dir, scratch }: ScratchPort): Promise<Way> {
  if (!offersData(endpointSchema))
    return { works: 'no', told: 'it does not offer nbd-server-start and nbd-server-add' };
  const refusals: string[] = [];
  const noting = async (...call: Parameters<typeof execute>): Promise<Json> => {
    try {
      return await execute(...call);
    } catch (error) {
      if (error instanceof QmpError) refusals.push(error.message);
      throw error;
    }
  };
  let read: Buffer | null = null;
  try {
    const access = new NbdAccess({ execute: noting, dir, scratch, timeout: VISIT_MS });
    await access.during(null, async (server) => {
      read = await server.visit(NODE, false, (client) => client.read(0, BYTES));
    });
  } catch (error) {
    if (!(error instanceof NbdError || error instanceof NbdClosed)) throw error;
    return { works: 'no', told: error.message };
  }
  const bytes = read as Buffer | null;
  if (bytes === null) return { works: 'no', ...(refusals[0] !== undefined && { told: refusals[0] }) };
  return bytes.every((byte) => byte === BYTE)
    ? { works: 'yes' }
    : { works: 'no', told: 'it reads other bytes' };
}

async function byHumanMonitor({ execute, endpointSchema }: ScratchPort): Promise<Way> {
  const command = 'human-monitor-command';
  if (!endpointSchema.commands.has(command)) return { works: 'no', told: `it does not offer ${command}` };
  try {
    const said = await execute(command, { 'command-line': `qemu-io ${NODE} "read 0 512"` });
    const isUnknown = typeof said !== 'string' || /unknown command|not found|error/i.test(said);
    return isUnknown ? { works: 'no', told: String(said).trim() } : { works: 'yes' };
  } catch (error) {
    if (error instanceof QmpError) return { works: 'no', told: `${error.class}: ${error.desc}` };
    throw error;
  }
}
