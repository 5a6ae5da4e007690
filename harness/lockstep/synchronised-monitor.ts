/** A case's context whose exchanges wait for those of the other sides. */
import { mayStartJob } from '../../spec/effects/lookup.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, MonitorHandle } from '../cases/case.ts';
import { isQuery } from '../checks/query-changes-nothing.ts';
import type { SideState } from './side-state.ts';

/** Waits for the other sides. */
export type Arrive = () => Promise<void>;

export function synchronisedContext(t: CaseContext, state: SideState, arrive: Arrive): CaseContext {
  const handle = synchronisedMonitor(t, 0, state, arrive);
  return new Proxy(t, {
    get: (target, name) => {
      if (name === 'monitor')
        return async (index: number) => synchronisedMonitor(await t.monitor(index), index, state, arrive);
      const own = (handle as unknown as Record<string | symbol, unknown>)[name];
      if (HELD.has(name)) return own;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Methods that exchange something. */
const HELD: ReadonlySet<string | symbol> = new Set(['execute', 'refused', 'request', 'raw']);

function synchronisedMonitor(
  monitor: MonitorHandle,
  index: number,
  state: SideState,
  arrive: Arrive,
): MonitorHandle {
  return new Proxy(monitor, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (!HELD.has(name)) return method;
      return async (...args: unknown[]) => {
        const before = [...state.inFlight];
        await arrive();
        state.exchanges += 1;
        const number = state.exchanges;
        const together = new Map([...before, ...state.inFlight]);
        if (together.size > 0) state.overlapped.add(number);
        // One monitor's commands are carried out in order, those of several in any.
        for (const [other, where] of together) if (where !== index) state.overlapped.add(other);
        if (!isQuery(commandIn(args[0]))) state.stirred = true;
        if (mayStartJob(commandIn(args[0]) ?? '')) {
          state.jobs = true;
          state.started = true;
        }
        state.inFlight.set(number, index);
        try {
          return await method(...args);
        } finally {
          state.inFlight.delete(number);
        }
      };
    },
  });
}

/** Of what `execute`, `refused`, `request` and `raw` are given first. */
function commandIn(what: unknown): string | undefined {
  const command = typeof what === 'string' ? what : (what as JsonObject | undefined)?.execute;
  return typeof command === 'string' ? command : undefined;
}
