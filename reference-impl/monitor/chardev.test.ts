import { describe, expect, test } from 'vitest';
import { type Chardev, parseChardev, parseShortChardev } from './chardev.ts';

const unix = (path: string, server: boolean): Chardev => ({ backend: 'socket', address: { path }, server });
const tcp = (host: string, port: number, server: boolean): Chardev => ({
  backend: 'socket',
  address: { host, port },
  server,
});

test.each<[string, Chardev]>([
  ['socket,id=c,path=/a,,b,server=on,wait=off', unix('/a,b', true)],
  ['socket,id=c,path=/a,server,nowait', unix('/a', true)],
  ['socket,id=c,path=/a,server=off', unix('/a', false)],
  ['socket,id=c,host=h,port=1', tcp('h', 1, false)],
  ['socket,id=c,port=1,server', tcp('', 1, true)],
  ['stdio,id=c', { backend: 'stdio' }],
  ['backend=stdio,id=c,signal=off', { backend: 'stdio' }],
])('-chardev %s', (text, chardev) => {
  expect(parseChardev(text)).toEqual({ id: 'c', chardev });
});

test.each<[string, Chardev]>([
  ['unix:/a,server,nowait', unix('/a', true)],
  ['unix:/a,,b,server=on,wait=off', unix('/a,b', true)],
  ['unix:/a', unix('/a', false)],
  ['tcp:127.0.0.1:4444,server,nowait,nodelay', tcp('127.0.0.1', 4444, true)],
  ['tcp::4444', tcp('', 4444, false)],
  ['tcp:[::1]:4444', tcp('::1', 4444, false)],
  ['stdio', { backend: 'stdio' }],
])('-qmp %s', (text, chardev) => {
  expect(parseShortChardev(text)).toEqual(chardev);
});

describe('refused', () => {
  test.each([
    ['socket', 'chardev: no id specified'],
    ['nonsense,id=c', "'nonsense' is not a valid char driver name"],
    ['socket,id=c', 'chardev: socket: no port given'],
    ['socket,id=c,path=/a,server=maybe', "Parameter 'server' expects 'on' or 'off'"],
    ['socket,id=c,path=/a,colour=red', "Invalid parameter 'colour'"],
    ['socket,id=c,port=70000', 'address resolution failed for port 70000'],
  ])('-chardev %s', (text, message) => {
    expect(() => parseChardev(text)).toThrow(message);
  });

  test.each([
    ['nonsense', "'nonsense' is not a valid char driver"],
    ['tcp:host', "'tcp' is not a valid char driver"],
    ['unix:/a,colour=red', "Invalid parameter 'colour'"],
  ])('-qmp %s', (text, message) => {
    expect(() => parseShortChardev(text)).toThrow(message);
  });
});
