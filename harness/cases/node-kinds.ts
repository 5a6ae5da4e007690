/** Nodes that cases ask for by what they are good for, and the drivers that give one, the best first. */
import type { Schema } from '../../spec/model.ts';
import type { TargetCapabilities } from '../targets/target.ts';

/** `data`: it has a size and holds data. `failing`: it can be told which requests to fail. */
export type NodeKind = 'data' | 'failing';

interface Kind {
  /** For the reason of a skip. */
  readonly what: string;
  readonly drivers: readonly string[];
}

const KINDS: Readonly<Record<NodeKind, Kind>> = {
  data: { what: 'a driver that holds data', drivers: ['null-co', 'null-aio', 'file'] },
  failing: { what: 'a driver that fails requests on demand', drivers: ['blkdebug'] },
};

/** The driver to take for nodes of a kind, among those of a schema; undefined if there is none. */
export function driverFor(kind: NodeKind, schema: Schema): string | undefined {
  return KINDS[kind].drivers.find((name) => offersDriver(schema, name));
}

/** Why there can be no node of this kind; null if there can. Files are made by us, where the endpoint sees them. */
export function missingKind(
  kind: NodeKind,
  schema: Schema,
  { sharedFiles }: Pick<TargetCapabilities, 'sharedFiles'>,
): string | null {
  const { what, drivers } = KINDS[kind];
  const driver = driverFor(kind, schema);
  if (driver === undefined) return `needs ${what}: ${orList(drivers)}`;
  if (driver === 'file' && !sharedFiles)
    return `needs ${what}: ${orList(drivers)} in a folder that both sides see`;
  return null;
}

/** Whether blockdev-add takes the driver. Where the schema does not list them nothing is known: true. */
export function offersDriver({ commands }: Schema, driver: string): boolean {
  const type = commands.get('blockdev-add')?.arguments.members.find(({ name }) => name === 'driver')?.type;
  if (type === undefined) return false;
  return type.kind !== 'enum' || type.members.some(({ name }) => name === driver);
}

function orList(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
