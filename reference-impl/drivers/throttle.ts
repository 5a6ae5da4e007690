/** `throttle`: lets requests to its file wait until the limits of its throttle group let them pass. */
import { CommandError } from '../qapi/command-error.ts';
import type { Driver, DriverOptions, DriverState, OpenEnvironment } from './driver.ts';
import { passThrough } from './pass-through.ts';

type Options = DriverOptions<'throttle'>;

async function open({ options, child, throttleGroup }: OpenEnvironment<Options>): Promise<DriverState> {
  const file = await child('file');
  const name = options['throttle-group'];
  if (name === undefined) throw new CommandError('Please specify a throttle group');
  let group = throttleGroup(name);
  const below = passThrough(file);
  let member = group.join();
  const pass = async (direction: 'read' | 'write', bytes: number): Promise<void> => {
    const turn = member.request(direction, bytes);
    if (turn) await turn;
  };
  return {
    ...below,
    read: async (offset, buffer) => {
      await pass('read', buffer.length);
      await below.read(offset, buffer);
    },
    write: async (offset, data) => {
      await pass('write', data.length);
      await below.write(offset, data);
    },
    writeZeroes: async (offset, length, flags) => {
      await pass('write', length);
      await below.writeZeroes?.(offset, length, flags);
    },
    discard: async (offset, length) => {
      await pass('write', length);
      await below.discard?.(offset, length);
    },
    drain: () => member.drain(),
    prepareReopen: (changes) => {
      const other = changes.get('throttle-group');
      if (other === undefined || changes.size > 1) return undefined;
      const found = throttleGroup(other);
      return () => {
        if (found === group) return;
        member.leave();
        group = found;
        member = group.join();
      };
    },
    close: () => {
      member.leave();
      return Promise.resolve();
    },
  };
}

export const throttle: Driver<'throttle'> = { kind: 'filter', children: { file: 'filtered' }, open };
