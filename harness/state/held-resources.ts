/** What an endpoint holds at one moment, as data. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { jobId } from './job-state.ts';
import type { Snapshot } from './snapshot.ts';

/** What an endpoint holds on to, in its own words and as its process shows it. */
export interface HeldResources extends NamedResources {
  /** Files in the scratch folder that the process has open. */
  readonly openFiles: readonly string[];
  /** Names of all that is in the scratch folder. */
  readonly files: readonly string[];
  /** Where standard input, output and error lead, null for one that is closed; empty where there is no process of its own. */
  readonly standardStreams: readonly (string | null)[];
  /** Resident memory, bytes; null where there is no process of its own. */
  readonly residentBytes: number | null;
}

/** What a snapshot names. */
export interface NamedResources {
  /** Node names, auto-generated ones included. */
  readonly nodes: readonly string[];
  readonly jobs: readonly string[];
  /** `node/bitmap`. */
  readonly bitmaps: readonly string[];
}

/** How Linux marks an open file that has no name any more. */
const REMOVED = ' (deleted)';

/** The name that an open file had which has none any more; null for one that has. */
export function removedName(openFile: string): string | null {
  return openFile.endsWith(REMOVED) ? openFile.slice(0, -REMOVED.length) : null;
}

export function namedIn(snapshot: Snapshot): NamedResources {
  const nodes = objects(snapshot.nodes);
  return {
    nodes: nodes.map((node) => String(node['node-name'])),
    jobs: objects(snapshot.jobs).map(jobId),
    bitmaps: nodes.flatMap((node) =>
      objects(node['dirty-bitmaps']).map((bitmap) => `${node['node-name']}/${bitmap.name}`),
    ),
  };
}

function objects(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
