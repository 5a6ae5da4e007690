import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../spec/json.ts';
import { ContainmentError, contain, containRaw } from './containment.ts';

const DIR = '/scratch/endpoint1';
const bounds = { dir: DIR };

const add = (options: Record<string, Json>): Json => ({ execute: 'blockdev-add', arguments: options });

function human(line: string): Json {
  return { execute: 'human-monitor-command', arguments: { 'command-line': line } };
}

describe('lets through', () => {
  test.each<[string, Json]>([
    ['a file in the scratch folder', add({ driver: 'file', filename: `${DIR}/disk.img` })],
    ['a relative file', add({ driver: 'file', filename: 'disk.img' })],
    ['the folder itself', add({ driver: 'file', filename: DIR })],
    ['a path that returns into the folder', add({ driver: 'file', filename: `${DIR}/a/../b` })],
    ['odd node names', add({ driver: 'null-co', 'node-name': '/etc/passwd' })],
    ['json: within', add({ file: `json:{"driver":"file","filename":"${DIR}/x"}` })],
    ['file: within', add({ filename: `file:${DIR}/x` })],
    ['a prefix that no driver has', add({ filename: 'nosuch:x' })],
    ['nbd on loopback', add({ driver: 'nbd', server: { type: 'inet', host: '127.0.0.1', port: '1' } })],
    ['nbd on a socket within', add({ server: { type: 'unix', path: `${DIR}/nbd.sock` } })],
    ['nbd URI with a socket within', add({ filename: `nbd+unix:///x?socket=${DIR}/s` })],
    ['http on loopback', add({ driver: 'http', url: 'http://127.0.0.1:8080/x' })],
    ['a descriptor that nobody gives', add({ server: { type: 'fd', str: 'no-such-descriptor' } })],
    [
      'an address that lacks what it names',
      add({ server: { type: 'fd' }, addr: { type: 'vsock', data: {} } }),
    ],
    ['vsock to itself', add({ addr: { type: 'vsock', data: { cid: '1', port: '1' } } })],
    ['qemu-io', { execute: 'human-monitor-command', arguments: { 'command-line': 'qemu-io d "read 0 1"' } }],
    ['a server at the loopback address', human('nbd_server_start -a -w 127.0.0.1:10809')],
    ['an export', human('nbd_server_add -w d0 name')],
    ['a drive', human(`drive_add 0 if=none,id=/,file=${DIR}/a,,b,file.driver=file`)],
    ['a medium', human(`change d0 ${DIR}/b raw read-only`)],
    ['a tray', human('eject -f d0')],
    ['a copy', human(`drive_backup -n -f d0 ${DIR}/b raw`)],
    ['a base', human(`block_stream d0 1k ${DIR}/b`)],
    ['a stream', human('block_stream d0')],
    ['a job', human('block_job_set_speed d0 1k')],
    ['a node', human('drive_add -n 0 driver=null-co,node-name=n')],
    ['a drive in quotes', human(`drive_add 0 "id=a,file.filename=${DIR}/a b"`)],
    ['an object of the endpoint', { execute: 'qom-get', arguments: { path: '/machine', property: 'type' } }],
    ['numbers, null, true', add({ size: 2n ** 63n, backing: null, 'read-only': true })],
  ])('%s', (_, message) => {
    expect(() => contain(message, bounds)).not.toThrow();
  });

  test('a device that the case made', () => {
    const message = add({ driver: 'host_device', filename: '/dev/loop7' });
    expect(() => contain(message, { dir: DIR, devices: ['/dev/loop7'] })).not.toThrow();
  });
});

describe('stops', () => {
  test.each<[string, Json]>([
    [
      'a file beside an object',
      { execute: 'qom-set', arguments: { path: '/machine', property: 'x', value: '/etc/passwd' } },
    ],
    ['an absolute path', add({ driver: 'file', filename: '/etc/passwd' })],
    ['a neighbour whose name only begins the same', add({ filename: `${DIR}0/x` })],
    ['a path that leaves the folder', add({ filename: '../x' })],
    ['a path that leaves it later', add({ filename: `${DIR}/a/../../x` })],
    ['a device', add({ driver: 'host_device', filename: '/dev/sda' })],
    ['a descriptor set', add({ driver: 'file', filename: '/dev/fdset/1' })],
    ['/proc', add({ filename: '/proc/self/mem' })],
    ['fd:', add({ filename: 'fd:3' })],
    ['json: without', add({ filename: 'json:{"driver":"file","filename":"/x"}' })],
    ['json: with single quotes', add({ filename: "json:{'driver':'file','filename':'/x'}" })],
    ['json: in json:', add({ filename: 'json:{"file":"json:{\\"filename\\":\\"/x\\"}"}' })],
    ['file: without', add({ filename: 'file:/x' })],
    ['file:// without', add({ filename: 'file:///x' })],
    ['fat: of a folder', add({ filename: 'fat:rw:/x' })],
    ['blkdebug: over a file', add({ filename: 'blkdebug::/x' })],
    ['a flattened member', add({ 'file.filename': '/x' })],
    ['a nested list', add({ children: [{ filename: '/x' }] })],
    ['a host', add({ server: { type: 'inet', host: 'example.org', port: '1' } })],
    ['all hosts', { execute: 'nbd-server-start', arguments: { addr: { data: { host: '0.0.0.0' } } } }],
    ['an address as a URI', add({ filename: 'nbd://10.0.0.1:1/x' })],
    ['an address with a user', add({ url: 'http://127.0.0.1@example.org/' })],
    ['a socket without', add({ filename: 'nbd+unix:///x?socket=/run/s' })],
    ['an escaped socket', add({ filename: 'nbd+unix:///x?socket=%2Frun%2Fs' })],
    ['nbd:unix: without', add({ filename: 'nbd:unix:/run/s' })],
    ['a descriptor', add({ server: { type: 'fd', str: '3' } })],
    ['a descriptor in data', add({ addr: { type: 'fd', data: { str: '3' } } })],
    ['vsock', add({ server: { type: 'vsock', cid: '2', port: '1' } })],
    ['a PCI device', add({ driver: 'nvme', device: '0000:01:00.0', namespace: 1 })],
    ['the human monitor', { execute: 'human-monitor-command', arguments: { 'command-line': 'migrate x' } }],
    ['qemu-io abort', { execute: 'human-monitor-command', arguments: { 'command-line': 'qemu-io d abort' } }],
    ['a medium outside', human('change d0 /x raw')],
    ['a copy outside', human('drive_mirror -f d0 /x raw')],
    ['a base outside', human('block_stream d0 0 /x')],
    ['a medium after words', human(`change -f d0 /x ${DIR}/b`)],
    ['a server at all addresses', human('nbd_server_start -a 0.0.0.0:10809')],
    ['a server at a name', human('nbd_server_start 127.0.0.1.example.org:10809')],
    ['a drive over a file', human('drive_add 0 id=a,file=/x')],
    ['a drive over a nested file', human(`drive_add 0 "file=${DIR}/x,backing.file.filename=/x"`)],
    ['a drive with a comma in its name', human('drive_add 0 file=../a,,b')],
    ['a drive without place', human('drive_add file=x')],
    ['a drive on another host', human('drive_add 0 file.driver=nbd,file.server.host=example.org')],
    ['a secret file', { execute: 'object-add', arguments: { 'qom-type': 'secret', id: 's', file: '/x' } }],
    ['eject-like commands with a path', { execute: 'change', arguments: { device: 'd', target: '/x' } }],
  ])('%s', (_, message) => {
    expect(() => contain(message, bounds)).toThrow(ContainmentError);
  });

  test('the error names the place', () => {
    expect(() => contain(add({ file: { filename: '/x' } }), bounds)).toThrow(/\$\.arguments\.file\.filename/);
  });
});

describe('raw bytes', () => {
  test.each([
    ['whole message', '{"execute":"blockdev-add","arguments":{"filename":"/x"}}'],
    ['broken message', '{"execute":"blockdev-add","arguments":{"filename":"/x"'],
    ['single quotes', "{'filename':'/x'"],
    ['escapes', '{"filename":"\\u002fx"'],
    ['a host in a broken message', '{"host":"example.org"'],
    ['second line', '{"execute":"query-version"}\n{"filename":"/x"}\n'],
  ])('stops: %s', (_, bytes) => {
    expect(() => containRaw(bytes, bounds)).toThrow(ContainmentError);
    expect(() => containRaw(Buffer.from(bytes), bounds)).toThrow(ContainmentError);
  });

  test('lets garbage through', () => {
    expect(() => containRaw(Buffer.from([0xff, 0, 0x5b, 0x7b, 0x22]), bounds)).not.toThrow();
    expect(() => containRaw('{"execute":"nosuch","arguments":[', bounds)).not.toThrow();
  });
});

test('whatever is around it, an absolute path outside in a file position is stopped', () => {
  const key = fc.constantFrom('filename', 'file', 'target', 'backing-file', 'path', 'snapshot-file');
  const outside = fc.string({ minLength: 1 }).map((name) => `/outside/${name.replaceAll('..', '')}`);
  const noise = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.oneof(fc.integer(), fc.boolean(), fc.constant('x')),
  );
  fc.assert(
    fc.property(key, outside, noise, fc.integer({ min: 0, max: 4 }), (name, path, around, depth) => {
      let value: Json = { ...around, [name]: path };
      for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? { ...around, file: value } : [value];
      expect(() => contain(add({ it: value }), bounds)).toThrow(ContainmentError);
    }),
  );
});
