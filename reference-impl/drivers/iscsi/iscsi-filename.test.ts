import { expect, it, test } from 'vitest';
import { typedDefinition } from '../../graph/definition.ts';
import { DriverTable } from '../../graph/driver-table.ts';
import { drivers } from '../index.ts';
import { parseFilename } from './iscsi-filename.ts';
import { parsePortal } from './portal.ts';

const disk = { transport: 'tcp', portal: 'h:1', target: 'iqn.x:y', lun: '3' };

it.each([
  ['iscsi://h:1/iqn.x:y/3', disk],
  ['iscsi://h:1/iqn.x%3ay/3?a=b', disk],
  ['iscsi://joe%sesame@h:1/iqn.x:y/3', { ...disk, user: 'joe', password: 'sesame' }],
  ['iscsi://joe%25sesame@h:1/iqn.x:y/3', { ...disk, user: 'joe', password: '25sesame' }],
  ['iscsi://joe@h:1/iqn.x:y/3', disk],
  ['iscsi://h//0', { ...disk, portal: 'h', target: '', lun: '0' }],
  ['iser://[::1]/iqn.x:y/003', { ...disk, transport: 'iser', portal: '[::1]', lun: '003' }],
])('%s', (name, options) => {
  expect(parseFilename(name)).toEqual(options);
});

it.each([
  'iscsi:',
  'iscsi://',
  'iscsi://h',
  'iscsi://h//',
  'iscsi://h/iqn.x',
  'iscsi://h/iqn.x/',
  'iscsi://h/iqn.x/one',
  'iscsi://h/iqn.x/0x1',
  'iscsi://h/iqn.x/1/2',
  'iscsi://h/%zz/1',
])('refuses %s', (name) => {
  expect(() => parseFilename(name)).toThrow(`Failed to parse URL : ${name}`);
});

test('the password of a name passes where the schema is asked', () => {
  const given = {
    driver: 'raw',
    file: { driver: 'iscsi', ...parseFilename('iscsi://joe%sesame@h:1/iqn.x:y/3') },
  };
  expect(typedDefinition(new DriverTable(drivers), given)).toEqual({
    driver: 'raw',
    file: { driver: 'iscsi', ...disk, lun: 3, user: 'joe', password: 'sesame' },
  });
});

it.each([
  ['h', { host: 'h', port: 3260 }],
  ['h:1', { host: 'h', port: 1 }],
  ['h:1,1', { host: 'h', port: 1 }],
  ['[::1]:7', { host: '::1', port: 7 }],
  ['h:abc', { host: 'h', port: 0 }],
  ['h:65537', { host: 'h', port: 1 }],
])('portal %s', (text, portal) => {
  expect(parsePortal(text)).toEqual(portal);
});

it.each([
  ['', 'Invalid target:  Can not resolv into IPv4/v6.'],
  [':1', 'Invalid target::1  Can not resolv into IPv4/v6.'],
  ['[::1', "Invalid target:[::1  Missing ']' in IPv6 address"],
])('refuses portal %s', (text, words) => {
  expect(() => parsePortal(text)).toThrow(words);
});
