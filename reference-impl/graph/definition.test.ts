import { expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { drivers } from '../drivers/index.ts';
import { namedBeside, protocolOf, typedDefinition } from './definition.ts';
import { DriverTable } from './driver-table.ts';

const table = new DriverTable(drivers);
const disk = { driver: 'vvfat', 'fat-type': 12, floppy: false, rw: false };

test.each(['file', 'host_device', 'host_cdrom'])('%s: is taken off the name', (driver) => {
  expect(protocolOf(table, `${driver}:/a:b`)).toEqual({ driver, filename: '/a:b' });
});

test.each<[string, JsonObject, JsonObject]>([
  ['fat:12:/d', { 'fat-type': '16', label: 'L' }, { ...disk, dir: '/d', label: 'L' }],
  ['fat:12:/d', { dir: '/e' }, { ...disk, dir: '/d' }],
  ['http://h/x', { url: 'http://h/y', timeout: '9' }, { driver: 'http', url: 'http://h/x', timeout: '9' }],
  [
    'blkdebug::fat:12:/d',
    { image: { 'fat-type': '16', label: 'L' }, align: '512' },
    { driver: 'blkdebug', image: { ...disk, dir: '/d', label: 'L' }, align: '512' },
  ],
  [
    'x',
    { driver: 'raw', size: '512' },
    { driver: 'raw', size: '512', file: { driver: 'file', filename: 'x' } },
  ],
])('%s counts beside %j', (filename, options, definition) => {
  expect(namedBeside(table, filename, options)).toEqual(definition);
});

test.each<[string, JsonObject, string]>([
  ['nbd:h:1', { export: 'e' }, "Option 'export' cannot be used with a file name"],
  ['x', { filename: 'y' }, "Can't specify 'file' and 'filename' options at the same time"],
  ['x', { driver: 'null-co' }, 'The only allowed filename for this driver is'],
  ['blkdebug::x', { image: 'n' }, 'Cannot reference an existing block device'],
  ['y:x', {}, "Unknown protocol 'y'"],
  ['x', { driver: 'y' }, "Unknown driver 'y'"],
])('%s is refused beside %j', (filename, options, message) => {
  expect(() => namedBeside(table, filename, options)).toThrow(message);
});

test('the format of a child is found out where it has a file and no driver', () => {
  const given = { driver: 'blkverify', raw: { filename: 'a' }, test: { file: { filename: 'b' } } };
  expect(typedDefinition(table, given)).toEqual({
    driver: 'blkverify',
    raw: { driver: 'file', filename: 'a' },
    test: { file: { driver: 'file', filename: 'b' } },
  });
});
