import { expect, test } from 'vitest';
import { Objects } from '../objects/objects.ts';
import { CommandError } from '../qapi/command-error.ts';
import { guestDevice } from './guest-device.ts';

const objects = new Objects();
objects.add('g', { type: 'iothread' });

test.each([
  '',
  '/',
  '/machine',
  '//machine/',
  '/machine/peripheral',
  '/machine/peripheral-anon',
  '/machine/unattached',
  '/chardevs',
  '/objects',
  '/objects/g',
])('%j is no device', (id) => {
  expect(() => guestDevice(id, objects)).toThrow(new CommandError(`${id} is not a hotpluggable device`));
});

test.each(['g', 'objects', '/backend', '/objects/none', '/machine/type', '/machine/peripheral/x', 'machine'])(
  '%j is not there',
  (id) => {
    const error = new CommandError(`Device '${id}' not found`, 'DeviceNotFound');
    expect(() => guestDevice(id, objects)).toThrow(error);
  },
);
