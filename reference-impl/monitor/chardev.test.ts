import { describe, expect, test } from 'vitest';
import { type Chardev, parseChardev, parseShortChardev } from './chardev.ts';

const unix = (path: string, server: boolean): Chardev => ({
  backend: 'socket',
  address: { path },
  server,
  telnet: false,
  reconnect: 0,
});
const tcp = (host: string, port: number, server: boolean): Chardev => ({
  backend: 'socket',
  address: { host, port },
  server,
  telnet: false,
  reconnect: 0,
});

test.each<[string, Chardev]>([
  ['socket,id=c,path=/a,,b,server=on,wait=off', unix('/a,b', true)],
  ['socket,id=c,path=/a,server,nowait', unix('/a', true)],
  ['socket,id=c,path=/a,server=off', unix('/a', false)],
  ['socket,id=c,host=h,port=1', tcp('h', 1, false)],
  ['socket,id=c,port=1,server', tcp('', 1, true)],
  ['stdio,id=c', { backend: 'stdio', signal: true }],
  ['backend=stdio,id=c,signal=off', { backend: 'stdio', signal: false }],
  ['socket,id=c,fd=7,server=on', { ...unix('', true), address: { fd: 7 } } as Chardev],
  [
    'socket,id=c,path=/a,telnet=on,reconnect=3',
    { ...unix('/a', false), telnet: true, reconnect: 3 } as Chardev,
  ],
  ['pipe,id=c,path=/p', { backend: 'pipe', path: '/p' }],
  ['pty,id=c', { backend: 'pty' }],
  ['null,id=c', { backend: 'null' }],
  ['ringbuf,id=c,size=4k', { backend: 'null' }],
  ['file,id=c,path=f,append=on', { backend: 'file', path: 'f', append: true }],
  ['null,id=c,logfile=l,logappend=on', { backend: 'null', log: { path: 'l', append: true } }],
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
  ['stdio', { backend: 'stdio', signal: true }],
  ['mon:stdio', { backend: 'stdio', signal: true }],
  ['null', { backend: 'null' }],
  ['pty', { backend: 'pty' }],
  ['file:/f', { backend: 'file', path: '/f', append: false }],
  ['pipe:/p', { backend: 'pipe', path: '/p' }],
  ['tcp::4444,telnet=on', { ...tcp('', 4444, false), telnet: true } as Chardev],
  ['telnet::4444,server', { ...tcp('', 4444, true), telnet: true } as Chardev],
])('-qmp %s', (text, chardev) => {
  expect(parseShortChardev(text)).toEqual(chardev);
});

test('-qmp none is no monitor, chardev:ID one that -chardev made', () => {
  expect(parseShortChardev('none')).toBeUndefined();
  expect(parseShortChardev('chardev:c', new Map([['c', { backend: 'null' }]]))).toEqual({ backend: 'null' });
});

describe('refused', () => {
  test.each([
    ['socket', 'chardev: no id specified'],
    ['nonsense,id=c', "'nonsense' is not a valid char driver name"],
    ['socket,id=c', 'chardev: socket: no port given'],
    ['socket,id=c,path=/a,server=maybe', "Parameter 'server' expects 'on' or 'off'"],
    ['socket,id=c,path=/a,colour=red', "Invalid parameter 'colour'"],
    ['socket,id=c,fd=x', 'Unable to parse FD number x'],
    ['id=c', 'chardev: "c" missing backend'],
    ['file,id=c', 'chardev: file: no filename given'],
    ['pipe,id=c', 'chardev: pipe: no device path given'],
    ['ringbuf,id=c,size=3', 'size of ringbuf chardev must be power of two'],
    ['socket,id=c,port=70000', 'address resolution failed for port 70000'],
  ])('-chardev %s', (text, message) => {
    expect(() => parseChardev(text)).toThrow(message);
  });

  test.each([
    ['nonsense', "'nonsense' is not a valid char driver"],
    ['tcp:host', 'parse error: tcp:host'],
    ['chardev:x', 'chardev "x" not found'],
    ['unix:/a,server,reconnect=1', "'reconnect' option is incompatible with socket in server listen mode"],
    ['unix:/a,colour=red', "Invalid parameter 'colour'"],
  ])('-qmp %s', (text, message) => {
    expect(() => parseShortChardev(text)).toThrow(message);
  });
});
