/** Guest devices by id or QOM path, as commands name them. This endpoint has none, but the objects around them. */

import type { Objects } from '../objects/objects.ts';
import { CommandError } from '../qapi/command-error.ts';

/** Objects that every endpoint has and that are no devices. */
const CONTAINERS = [
  '',
  'chardevs',
  'machine',
  'machine/peripheral',
  'machine/peripheral-anon',
  'machine/unattached',
  'objects',
];

/** Throws the `CommandError` that a command answers with to this `id`. */
export function guestDevice(id: string, objects: Objects): never {
  const path = id
    .split('/')
    .filter((part) => part !== '')
    .join('/');
  const isPath = id === '' || id.startsWith('/');
  const isObject = CONTAINERS.includes(path) || isUserObject(path, objects);
  if (isPath && isObject) throw new CommandError(`${id} is not a hotpluggable device`);
  throw new CommandError(`Device '${id}' not found`, 'DeviceNotFound');
}

function isUserObject(path: string, objects: Objects): boolean {
  return path.startsWith('objects/') && objects.find(path.slice('objects/'.length)) !== undefined;
}
