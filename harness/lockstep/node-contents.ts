/** What a guest would read of each node of an endpoint, as digests, so that two endpoints can be compared. */
import { createHash } from 'node:crypto';
import { isJsonObject, type Json, stringifyJson } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { NbdAccess, offersData } from '../contents/nbd-access.ts';
import { NbdError } from '../nbd/nbd-client.ts';
import type { Session } from '../runner/endpoint-session.ts';
import { awaitFrom } from '../runner/endpoint-wait.ts';
import { ZEROES } from '../state/snapshot-with-contents.ts';

/** Bytes read of a node, from its beginning. */
const MOST_BYTES = 2 ** 21;
const NODE_MS = 2_000;
const ALL_MS = 10_000;

/** By node-name. A node that nobody may read is left out; of one whose reading fails, the error's number is told. */
export async function contentsOf(session: Session, endpointSchema: Schema): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  if (!offersData(endpointSchema)) return found;
  const nodes = await session.execute('query-named-block-nodes');
  const names = Array.isArray(nodes) ? nodes.filter(hasContents).map(nameOf) : [];
  if (names.length === 0) return found;
  const { endpoint, scratch } = session;
  const execute = session.execute.bind(session);
  const plane = new NbdAccess({ execute, dir: endpoint.dir, scratch, timeout: NODE_MS });
  const read = (): Promise<boolean> =>
    plane.during(null, async (server) => {
      for (const name of names) {
        const digest = await server
          .visit(name, false, async (client) => {
            const bytes = await client.read(0, Math.min(client.size, MOST_BYTES));
            if (isImage(bytes)) return null;
            return `${client.size} bytes, ${told(bytes)}`;
          })
          .catch(failure);
        if (digest !== null) found[name] = digest;
      }
    });
  await awaitFrom(endpoint, 'the contents of nodes', ALL_MS, read);
  return found;
}

/** Nodes that were named by who made them. What is above a null driver is whatever memory held before. */
function hasContents(node: Json): boolean {
  return !nameOf(node).startsWith('#') && !/null-(co|aio)/.test(stringifyJson(node));
}

function nameOf(node: Json): string {
  return isJsonObject(node) ? String(node['node-name'] ?? '#') : '#';
}

function told(bytes: Buffer): string {
  if (bytes.every((byte) => byte === 0)) return ZEROES;
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** How files of formats begin. Where such a format puts what in its file is its own business. */
const MAGIC = [
  'QFI\xfb',
  'QED\0',
  'LUKS',
  'KDMV',
  'COWD',
  'conectix',
  'vhdxfile',
  '<<< ',
  'WithoutFreeSpace',
];

function isImage(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 16);
  return MAGIC.some((magic) => start.startsWith(magic));
}

/** A failing read is content too; a node that gives no answer in time is not compared. */
function failure(error: unknown): string | null {
  return error instanceof NbdError ? `error ${error.code}` : null;
}
