/**
 * What the types of handlers, actions and drivers refuse. Nothing here runs: each line below a `@ts-expect-error` is one that
 * `tsc -b` must not take, and it fails where it does.
 */
import type { Handler, Handlers } from '../commands/handler.ts';
import type { Driver, DriverOptions, Drivers, OpenEnvironment } from '../drivers/driver.ts';
import type { Action } from '../transactions/action.ts';

const done = (..._what: unknown[]) => Promise.resolve();
const resize: Handler<'block_resize'> = ({ size }) => size;

export const handlers = {
  // @ts-expect-error a member that the command's arguments lack
  misspelt: ((args) => args.length) satisfies Handler<'block_resize'>,
  // @ts-expect-error a member that another command has
  foreign: ((args) => args.force === true) satisfies Handler<'block_resize'>,
  // @ts-expect-error a member of another type
  mistaken: ((args) => args.size.trim()) satisfies Handler<'block_resize'>,
  // @ts-expect-error a member that may be absent
  hasty: ((args) => args.device.length) satisfies Handler<'block_resize'>,
  // @ts-expect-error an option of one driver, before it is known that it is this one
  early: ((args) => args.filename) satisfies Handler<'blockdev-add'>,
};

export const commands = [
  // @ts-expect-error a command that the schema lacks
  { 'block-resize': resize } satisfies Handlers,
  // @ts-expect-error a handler that wants arguments which the command does not have
  { 'blockdev-del': resize } satisfies Handlers,
];

export const action: Action<'blockdev-backup'> = {
  groups: true,
  // @ts-expect-error data of another action
  prepare: (data) => ({ commit: () => done(data['snapshot-file']) }),
};

type Raw = OpenEnvironment<DriverOptions<'raw'>>;

export const readers = {
  // @ts-expect-error an option that the driver's branch lacks
  misspelt: ({ options }: Raw) => options.length,
  // @ts-expect-error an option of another driver
  foreign: ({ options }: Raw) => options.filename,
  // @ts-expect-error one that all drivers share, which is the graph's to deal with
  shared: ({ options }: Raw) => options['read-only'],
  // @ts-expect-error an option that may be absent
  hasty: ({ options }: Raw) => options.offset.toString(),
};

const open = () => Promise.reject(new Error('opens nothing'));
const raw: Driver<'raw'> = { kind: 'format', children: { file: 'filtered' }, open };

export const drivers = [
  // @ts-expect-error a driver that the schema lacks
  { raws: raw } satisfies Drivers,
  // @ts-expect-error a child that no option defines
  { kind: 'filter', children: { file: 'filtered', image: 'filtered' }, open } satisfies Driver<'raw'>,
  // @ts-expect-error an option that defines a child, left out
  { kind: 'filter', children: {}, open } satisfies Driver<'raw'>,
  // @ts-expect-error a file name that means an option which the branch lacks
  { ...raw, parseFilename: (filename: string) => ({ filename }) } satisfies Driver<'raw'>,
  // @ts-expect-error a secret that the branch lacks
  { ...raw, secretOption: 'key-secret' } satisfies Driver<'raw'>,
];

// @ts-expect-error an option of another driver's new images
export const create: Driver<'file'>['create'] = ({ options }) => done(options['cluster-size']);
