/** A case's context whose exchanges wait for those of the other sides. */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, MonitorHandle } from '../cases/case.ts';
import { isQuery } from '../checks/query-changes-nothing.ts';
import type { Seat } from './side-state.ts';

/** Waits for the other sides. */
export type Arrive = () => Promise<void>;

export function heldContext(t: CaseContext, seat: Seat, arrive: Arrive): CaseContext {
  const handle = heldMonitor(t, 0, seat, arrive);
  return new Proxy(t, {
    get: (target, name) => {
      if (name === 'monitor')
        return async (index: number) => heldMonitor(await t.monitor(index), index, seat, arrive);
      const own = (handle as unknown as Record<string | symbol, unknown>)[name];
      if (HELD.has(name)) return own;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Methods that exchange something. */
const HELD: ReadonlySet<string | symbol> = new Set(['execute', 'refused', 'request', 'raw']);

function heldMonitor(monitor: MonitorHandle, index: number, seat: Seat, arrive: Arrive): MonitorHandle {
  return new Proxy(monitor, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (!HELD.has(name)) return method;
      return async (...args: unknown[]) => {
        const before = [...seat.inFlight];
        await arrive();
        seat.exchanges += 1;
        const number = seat.exchanges;
        const together = new Map([...before, ...seat.inFlight]);
        if (together.size > 0) seat.overlapped.add(number);
        // One monitor's commands are carried out in order, those of several in any.
        for (const [other, where] of together) if (where !== index) seat.overlapped.add(other);
        if (!isQuery(commandIn(args[0]))) seat.stirred = true;
        if (mayStartJob(args[0])) {
          seat.jobs = true;
          seat.started = true;
        }
        seat.inFlight.set(number, index);
        try {
          return await method(...args);
        } finally {
          seat.inFlight.delete(number);
        }
      };
    },
  });
}

const JOB_STARTERS =
  /^(block-stream|block-commit|blockdev-(mirror|backup|create)|drive-(mirror|backup)|transaction|x-blockdev-amend)$/;

function mayStartJob(what: unknown): boolean {
  return JOB_STARTERS.test(commandIn(what) ?? '');
}

/** Of what `execute`, `refused`, `request` and `raw` are given first. */
function commandIn(what: unknown): string | undefined {
  const command = typeof what === 'string' ? what : (what as JsonObject | undefined)?.execute;
  return typeof command === 'string' ? command : undefined;
}
