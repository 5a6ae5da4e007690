/** Options that only the storage daemon has: an NBD server and what it exports. */
import { loadBlockSchema } from '../spec/block-core.ts';
import type { SocketAddress } from '../spec/generated/qmp.ts';
import type { ObjectType } from '../spec/model.ts';
import { parsed, type Start } from './option-start.ts';
import type { Option } from './options/argv.ts';
import { checkArguments } from './qapi/check-arguments.ts';
import { CommandError } from './qapi/command-error.ts';
import { isWireObject, type WireObject } from './qapi/json/wire-value.ts';
import { typedArguments } from './qapi/keyval-types.ts';

/** `--nbd-server` */
export async function startNbdServer({ value }: Option, { endpoint }: Start): Promise<void> {
  const type = loadBlockSchema().types.get('SocketAddress') as ObjectType;
  const { addr, 'tls-creds': credentials, ...others } = parsed(value);
  refuseOthers(others, ['max-connections']);
  if (!isWireObject(addr)) throw new CommandError("Parameter 'addr' is missing");
  const address = checkArguments(type, typedArguments(type, addr)) as unknown as SocketAddress;
  await endpoint.nbd.start(address, credentials === undefined ? undefined : String(credentials));
}

/** `--export` */
export function addExport({ value }: Option, { endpoint }: Start): void {
  const { type, id, 'node-name': nodeName, name, writable = 'off', ...others } = parsed(value, 'type');
  if (type !== 'nbd') throw new CommandError(`Parameter 'type' does not accept value '${String(type)}'`);
  for (const [member, given] of Object.entries({ id, 'node-name': nodeName }))
    if (given === undefined) throw new CommandError(`Parameter '${member}' is missing`);
  refuseOthers(others, ['description']);
  const node = endpoint.block.graph.find(String(nodeName));
  if (!node) throw new CommandError(`Cannot find device='' nor node-name='${String(nodeName)}'`);
  endpoint.nbd.add(node, String(name ?? nodeName), writable === 'on' || writable === true);
}

function refuseOthers(given: WireObject, known: readonly string[]): void {
  const other = Object.keys(given).find((name) => !known.includes(name));
  if (other !== undefined) throw new CommandError(`Parameter '${other}' is unexpected`);
}
