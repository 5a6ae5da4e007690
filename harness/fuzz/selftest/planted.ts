/** The fake endpoint with one defect, as a target. */
import { loadBlockSchema } from '../../../spec/block-core.ts';
import { introspect } from '../../../spec/compiler/introspect.ts';
import { readIntrospection } from '../../../spec/introspection.ts';
import type { Json, JsonObject } from '../../../spec/json.ts';
import { validateArguments } from '../../../spec/validate.ts';
import { type FakePort, type FakeTarget, fakeTarget } from '../../testing/fake-endpoint.ts';
import { type Defect, historyLine } from './defects.ts';
import { Model } from './model.ts';

interface Instance {
  readonly model: Model;
  readonly history: string[];
}

/** The spec's schema with the commands of the model only. */
const SCHEMA: Json = introspect(loadBlockSchema()).filter(
  (entry) =>
    entry['meta-type'] !== 'command' ||
    [...new Model().commands, 'query-qmp-schema'].includes(String(entry.name)),
);
const OFFERED = readIntrospection(SCHEMA);

/** `defect` null: the endpoint as it should be. */
export function plantedTarget(defect: Defect | null): FakeTarget {
  const instances = new WeakMap<FakePort, Instance>();
  return fakeTarget({
    virtualTime: true,
    schema: SCHEMA,
    capabilities: { monitors: 1 },
    answer: (command, args, port) => {
      let instance = instances.get(port);
      if (instance === undefined) {
        instance = { model: new Model(), history: [] };
        instances.set(port, instance);
      }
      return answer(command, args, port, instance, defect);
    },
  });
}

function answer(
  command: string,
  args: JsonObject,
  port: FakePort,
  { model, history }: Instance,
  defect: Defect | null,
): JsonObject | null | undefined {
  if (validateArguments(OFFERED, command, args).length > 0)
    return { error: { class: 'GenericError', desc: 'Invalid arguments' } };
  const was = { jobs: new Map(model.jobs), nodes: new Map(model.nodes) };
  const reply = model.answer(command, args, port);
  if (reply === undefined || defect === null) return reply;
  // What checks ask of their own accord is no call of the program.
  const asked = historyLine(command, args, reply);
  if (!command.startsWith('query-') || Object.keys(args).length > 0) history.push(asked);
  const emit = (event: string, data?: JsonObject): void => port.emit(event, data);
  const effect = defect.at({ command, args, reply, model, was, history, emit });
  if (effect === 'crash') {
    port.die({ code: null, signal: 'SIGABRT' });
    return null;
  }
  if (effect === 'hang') return null;
  return effect === null ? reply : effect.reply;
}
