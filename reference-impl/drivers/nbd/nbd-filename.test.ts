import { expect, it } from 'vitest';
import { parseFilename, uri } from './nbd-filename.ts';

const inet = (host: string, port: string) => ({ type: 'inet', host, port });
const unix = (path: string) => ({ type: 'unix', path });

it.each([
  ['nbd:localhost:10810', { server: inet('localhost', '10810') }],
  ['nbd:[::1]:10810', { server: inet('::1', '10810') }],
  ['nbd::10810', { server: inet('', '10810') }],
  ['nbd:localhost:10810:exportname=disk', { server: inet('localhost', '10810'), export: 'disk' }],
  ['nbd:unix:/run/s', { server: unix('/run/s') }],
  ['nbd:unix:/run/s:exportname=a:b', { server: unix('/run/s'), export: 'a:b' }],
  ['nbd:unix:/run/s:other=a', { server: unix('/run/s:other=a') }],
  ['nbd:', {}],
  ['nbd:unix:/run/s:exportname=', {}],
  ['nbd://localhost', { server: inet('localhost', '10809') }],
  ['nbd://localhost:10810/', { server: inet('localhost', '10810') }],
  ['nbd+tcp://[::1]:10810//a%20b', { server: inet('::1', '10810'), export: 'a b' }],
  ['nbd+unix:///disk?socket=/run/s', { server: unix('/run/s'), export: 'disk' }],
  ['nbd+unix://?socket=/run/s', { server: unix('/run/s') }],
  ['nbd+unix:///?&socket=/run/a+b&#part', { server: unix('/run/a+b') }],
  ['nbd:localhost:10810,ipv4,ipv6=off,to=7,other', { server: inet('localhost', '10810') }],
  ['nbd://joe:sesame@localhost:0/', { server: inet('localhost', '10809') }],
])('%s', (name, options) => {
  expect(parseFilename(name)).toEqual(options);
});

it.each([
  ['/disk.img', "File name string for NBD must start with 'nbd:'"],
  ['nbd:localhost', "error parsing address 'localhost'"],
  ['nbd://', 'No valid URL specified'],
  ['nbd://:10810/', 'No valid URL specified'],
  ['nbd://localhost/a?socket=/run/s', 'No valid URL specified'],
  ['nbd://localhost/%zz', 'No valid URL specified'],
  ['nbd+unix:///disk', 'No valid URL specified'],
  ['nbd+unix://localhost/disk?socket=/run/s', 'No valid URL specified'],
  ['http://localhost/', 'No valid URL specified'],
  ['nbd://localhost:port/', 'No valid URL specified'],
  ['nbd://localhost:/', 'No valid URL specified'],
  ['nbd://localhost:65536/', 'No valid URL specified'],
  ['nbd://a@b@localhost/', 'No valid URL specified'],
  ['nbd://[::1/', 'No valid URL specified'],
  ['nbd://localhost/a[b', 'No valid URL specified'],
  ['nbd+unix:///?socket=/a;b', 'No valid URL specified'],
  ['nbd:[::1:10810', "error parsing IPv6 address '[::1:10810'"],
  ['nbd::', "error parsing port in address ':'"],
  ['nbd:localhost:10810,to=x', 'error parsing to= argument'],
  ['nbd:localhost:10810,ipv4=x', "error parsing 'ipv4' flag '=x'"],
])('refuses %s', (name, message) => {
  expect(() => parseFilename(name)).toThrow(message);
});

it.each(['nbd://localhost:10810', 'nbd://localhost:10810/disk', 'nbd+unix:///disk?socket=/run/s'])(
  'calls a node by the URI that opens it: %s',
  (name) => {
    expect(uri(parseFilename(name))).toBe(name);
  },
);
