/** The fake endpoint with one defect, as a target. */
import { loadBlockSchema } from '../../../spec/block-core.ts';
import { introspect } from '../../../spec/compiler/introspect.ts';
import { readIntrospection } from '../../../spec/introspection.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import { validateArguments } from '../../../spec/validate.ts';
import type { ImageReader } from '../../contents/closed-images.ts';
import type { UsageGauge } from '../../fuzz/leak-detector.ts';
import { type FakePort, type FakeTarget, fakeTarget } from '../fake-endpoint.ts';
import { type Defect, historyLine } from './defects.ts';
import { readNode, writeNode } from './model-contents.ts';
import { Model } from './model-endpoint.ts';
import { FakeNbdServer } from './model-nbd-server.ts';

interface Instance {
  readonly model: Model;
  readonly history: string[];
  nbd: FakeNbdServer | null;
}

export interface PlantedTarget extends FakeTarget {
  /** It has no process to look at. */
  readonly gauge: UsageGauge;
  /** The reader that stands in for files, which it has none of. */
  readonly imageReader: ImageReader;
}

/** The commands of the NBD access. */
const NBD = ['nbd-server-start', 'nbd-server-add', 'nbd-server-remove', 'nbd-server-stop'];

/** The spec's schema with the commands of the model only. */
const SCHEMA: Json = introspect(loadBlockSchema()).filter(
  (entry) =>
    entry['meta-type'] !== 'command' ||
    [...new Model().commands, ...NBD, 'query-qmp-schema'].includes(String(entry.name)),
);
const OFFERED = readIntrospection(SCHEMA);

/** `defect` null: the endpoint as it should be. */
export function plantedTarget(defect: Defect | null): PlantedTarget {
  const instances = new Map<FakePort, Instance>();
  const gauge: UsageGauge = async ({ dir }) => {
    const [, instance] = [...instances].find(([port]) => port.dir === dir) ?? [];
    return { memory: null, descriptors: null, ...instance?.model.leaked };
  };
  const imageReader: ImageReader = async (options, dir) => {
    const [, instance] = [...instances].find(([port]) => port.dir === dir) ?? [];
    const { file } = options;
    return instance?.model.closed.get(isJsonObject(file) ? String(file.filename) : '') ?? null;
  };
  const target = fakeTarget({
    virtualTime: true,
    schema: SCHEMA,
    capabilities: { monitors: 2 },
    ended: (port) => {
      instances.get(port)?.nbd?.close();
      instances.delete(port);
    },
    answer: (command, args, port) => {
      let instance = instances.get(port);
      if (instance === undefined) {
        instance = { model: new Model(port.options), history: [], nbd: null };
        instances.set(port, instance);
      }
      return answer(command, args, port, instance, defect);
    },
  });
  return { ...target, gauge, imageReader };
}

function answer(
  command: string,
  args: JsonObject,
  port: FakePort,
  instance: Instance,
  defect: Defect | null,
): JsonObject | null | undefined {
  if (validateArguments(OFFERED, command, args).length > 0)
    return { error: { class: 'GenericError', desc: 'Invalid arguments' } };
  if (NBD.includes(command)) return answerNbd(command, args, port.dir, instance, defect);
  const { model, history } = instance;
  const was = { jobs: new Map(model.jobs), nodes: new Map(model.nodes) };
  const reply = model.answer(command, args, port);
  if (reply === undefined || defect === null) return reply;
  // What checks ask of their own accord is no call of the program.
  const asked = historyLine(command, args, reply);
  if (!command.startsWith('query-') || Object.keys(args).length > 0) history.push(asked);
  const emit = (event: string, data?: JsonObject): void => port.emit(event, data);
  const effect = defect.at({ command, args, reply, model, was, history, dir: port.dir, emit });
  if (effect === 'crash') {
    port.die({ code: null, signal: 'SIGABRT' });
    return null;
  }
  if (effect === 'hang') return null;
  return effect === null ? reply : effect.reply;
}

/** Defects look on at none of these: the NBD access sends them by itself. */
function answerNbd(
  command: string,
  args: JsonObject,
  dir: string,
  instance: Instance,
  defect: Defect | null,
): JsonObject {
  const { model, nbd } = instance;
  const refused = { error: { class: 'GenericError', desc: 'The NBD server cannot do this now' } };
  if (command === 'nbd-server-start') {
    const path = socketIn(args.addr ?? null, dir);
    if (nbd !== null || path === null) return refused;
    instance.nbd = new FakeNbdServer(path);
  } else if (nbd === null) return refused;
  else if (command === 'nbd-server-add') {
    const node = model.nodes.get(String(args.device));
    const name = String(args.name ?? args.device);
    if (node === undefined || nbd.exports.has(name)) return refused;
    nbd.exports.set(name, {
      size: node.size,
      writable: args.writable === true && !node.readOnly,
      read: (offset, length) => readNode(model.nodes, node, offset, length),
      write: (offset, data) => {
        const written = defect?.writes?.(node, data) ?? data;
        writeNode(model.nodes, node, offset, written);
      },
    });
  } else if (command === 'nbd-server-remove') {
    if (!nbd.exports.delete(String(args.name))) return refused;
  } else {
    nbd.close();
    instance.nbd = null;
  }
  return { return: {} };
}

function socketIn(addr: Json, dir: string): string | null {
  if (!isJsonObject(addr) || addr.type !== 'unix' || !isJsonObject(addr.data)) return null;
  const { path } = addr.data;
  return typeof path === 'string' && path.startsWith(`${dir}/`) ? path : null;
}
