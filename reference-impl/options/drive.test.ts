import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { runQemuIo } from '../backend/qemu-io.ts';
import { describeBackend, describeBackendStats } from '../backend/query-backends.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { addDrive } from './drive.ts';

let folder: string;
let block: BlockLayer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-drive-'));
  await writeFile(join(folder, 'disk.img'), new Uint8Array(1 << 20));
  block = testBlockLayer(testServices(folder));
});

afterEach(async () => {
  await block.close();
  await rm(folder, { recursive: true });
});

const drive = (id: string) => block.backends.find(id)!;
const inserted = (id: string) => describeBackend(drive(id)).inserted as JsonObject;
const stats = (id: string) => describeBackendStats(drive(id), 0n).stats as JsonObject;
const qemuIo = (name: string, line: string) => runQemuIo(block.graph, block.backends.find(name), name, line);

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'not refused',
    (error: unknown) => (error instanceof CommandError ? error.message : String(error)),
  );
}

describe('what an option means', () => {
  const options: [text: string, shown: JsonObject][] = [
    [
      'file=disk.img',
      {
        drv: 'raw',
        file: 'disk.img',
        ro: false,
        cache: { direct: false, 'no-flush': false, writeback: true },
      },
    ],
    ['file=disk.img,format=raw,readonly=on', { drv: 'raw', ro: true }],
    ['file=disk.img,format=raw,read-only=on', { ro: true }],
    ['file=disk.img,format=raw,cache=none', { cache: { direct: true, 'no-flush': false, writeback: true } }],
    [
      'file=disk.img,format=raw,cache=writethrough',
      { cache: { direct: false, 'no-flush': false, writeback: false } },
    ],
    [
      'file=disk.img,format=raw,cache=unsafe',
      { cache: { direct: false, 'no-flush': true, writeback: true } },
    ],
    [
      'file=disk.img,format=raw,cache=unsafe,cache.no-flush=off',
      { cache: { direct: false, 'no-flush': false, writeback: true } },
    ],
    [
      'file=disk.img,format=raw,cache.direct=on',
      { cache: { direct: true, 'no-flush': false, writeback: true } },
    ],
    ['file=disk.img,format=raw,discard=unmap,detect-zeroes=unmap', { detect_zeroes: 'unmap' }],
    [
      'driver=null-co,size=1M,node-name=n',
      { drv: 'null-co', 'node-name': 'n', file: 'json:{"driver": "null-co", "size": "1M"}' },
    ],
    ['driver=raw,offset=512,file.driver=file,file.filename=disk.img', { drv: 'raw' }],
    ['file=json:{"driver":"raw",,"file":{"driver":"file",,"filename":"disk.img"}}', { drv: 'raw' }],
    [
      'driver=null-co,throttling.bps-total=1024,serial=x,index=3,rerror=stop',
      { bps: 1024, group: 'd0', iops: 0 },
    ],
    [
      'driver=null-co,iops_rd=7,iops_rd_max=70,iops_size=4096,group=g',
      { iops_rd: 7, iops_rd_max: 70, iops_rd_max_length: 1, iops_size: 4096, group: 'g' },
    ],
  ];
  test.each(options)('%s', async (text, shown) => {
    await addDrive(`if=none,id=d0,${text}`, block);
    expect(inserted('d0')).toMatchObject(shown);
  });

  test('snapshot=on: what is written is forgotten', async () => {
    await addDrive('if=none,id=d0,format=raw,file=disk.img,node-name=n,snapshot=on', block);
    expect(inserted('d0')).toMatchObject({
      drv: 'qcow2',
      ro: false,
      backing_file: 'disk.img',
      cache: { direct: false, 'no-flush': true, writeback: true },
    });
    expect(block.graph.find('n')).toMatchObject({ readOnly: true });
    const temporary = drive('d0').node!.child('file')!.node.filename.shown;
    expect(existsSync(temporary)).toBe(false);
    await qemuIo('d0', 'write 0 512');
    const buffer = new Uint8Array(512);
    await drive('d0').node!.io.read(0, buffer);
    expect(new Set(buffer)).toEqual(new Set([0xcd]));
    expect(new Set(await readFile(join(folder, 'disk.img')))).toEqual(new Set([0]));
  });

  test('intervals of statistics, in their order', async () => {
    await addDrive('id=d0,driver=null-co,stats-intervals.1=4294967295,stats-intervals.0=60', block);
    expect(stats('d0').timed_stats).toMatchObject([{ interval_length: 60 }, { interval_length: 4294967295 }]);
  });

  test.each([
    ['copy-on-read=on', true],
    ['copy-on-read=off', false],
    ['', false],
    ['copy-on-read=on,read-only=on', false],
    ['copy-on-read=on,snapshot=on', true],
  ])('copies what is read into the image: %s', async (option, copies) => {
    const warnings: string[] = [];
    vi.spyOn(block.services, 'log').mockImplementation((line) => void warnings.push(line));
    const text = `id=d0,file=disk.img,format=raw${option && `,${option}`}`;
    await addDrive(text, block);
    expect(drive('d0').node!.io.copiesOnRead).toBe(copies);
    expect(warnings).toEqual(
      option.includes('read-only')
        ? [`-drive ${text}: warning: disabling copy-on-read on read-only drive`]
        : [],
    );
  });

  test('nothing about a medium: an empty drive', async () => {
    await addDrive('if=none,id=e0', block);
    expect(describeBackend(drive('e0'))).toEqual({
      device: 'e0',
      locked: false,
      removable: true,
      type: 'unknown',
    });
  });
});

describe('what a driver cannot do without, or does not know, is told by the driver', () => {
  const noBytes = 'A block device must be specified for';
  test.each([
    ['driver=raw', `${noBytes} "file"`],
    ['driver=blkdebug', `${noBytes} "image"`],
    ['driver=blkverify', `${noBytes} "raw"`],
    ['driver=throttle', `${noBytes} "file"`],
    ['driver=throttle,file.driver=null-co', 'Please specify a throttle group'],
    ['driver=file', "The 'file' block driver requires a file name"],
    ['driver=http,readonly=on', "curl block driver requires an 'url' option"],
    ['driver=iscsi,transport=tcp,portal=h', 'Need all of transport, portal and target options'],
    ['driver=nbd', 'NBD server address missing'],
    ['driver=nbd,server.type=inet', "Parameter 'host' is missing"],
    ['driver=nbd,server.type=unix,server.path=/s,server.a=1', "Parameter 'a' is unexpected"],
    ['driver=nfs,server.type=inet', "Parameter 'server.host' is missing"],
    ['driver=nvme', "'device' option is required"],
    ['driver=quorum', 'Number of provided children must be 1 or more'],
    ['driver=ssh', "Parameter 'server' is missing"],
    ['driver=vvfat', "vvfat block driver requires a 'dir' option"],
    ['driver=replication,file.driver=null-co', 'Missing the option mode'],
    ['driver=x', "Unknown driver 'x'"],
    ['driver=raw,file.driver=x', "Unknown driver 'x'"],
    ['driver=null-co,a.b=1', "Block protocol 'null-co' doesn't support the option 'a.b'"],
    ['driver=raw,file.driver=null-co,a=1', "Block format 'raw' does not support the option 'a'"],
    ['driver=raw,file.driver=null-co,file.a=1', "Block protocol 'null-co' doesn't support the option 'a'"],
    ['file=disk.img,a=1', "Block format 'raw' does not support the option 'a'"],
    ['driver=null-co,backing=x', "Driver doesn't support backing files"],
    ['filename=disk.img', 'Must specify either driver or file'],
    ['driver=raw,file.file.filename=disk.img', 'Must specify either driver or file'],
    ['driver=quorum,vote-threshold=1,children.0.filename=disk.img', 'Must specify either driver or file'],
    ['driver=null-co,size=x', "Parameter 'size' expects a non-negative number below 2^64\nOptional suffix"],
    ['driver=null-co,latency-ns=1k', "Parameter 'latency-ns' expects a number"],
  ])('%s', async (text, message) => {
    expect(await refusal(addDrive(`id=d0,${text}`, block))).toContain(message);
    expect(block.graph.nodes).toHaveLength(0);
  });

  test.each([
    ['driver=null-co,backing=', 1],
    ['driver=null-co,size=0x400', 1],
    ['driver=quorum,vote-threshold=1,children.0.driver=raw,children.0.file.filename=disk.img', 3],
  ])('%s is taken', async (text, nodes) => {
    await addDrive(`if=none,id=d0,${text}`, block);
    expect(block.graph.nodes).toHaveLength(nodes);
  });
});

describe('options in the name of a file', () => {
  test.each([
    ['json:{}', 'Must specify either driver or file'],
    ['json:{"filename":"disk.img"}', 'Must specify either driver or file'],
    ['json:{"driver":1}', 'Must specify either driver or file'],
    ['json:[1]', 'Invalid JSON object given'],
    ['json:1', 'Invalid JSON object given'],
    ['json:null', 'Invalid JSON object given'],
    ['json:', 'Could not parse the JSON options: Expecting a JSON value'],
    ['json:{', 'Could not parse the JSON options: JSON parse error, premature EOI'],
    ['json:{} {}', 'Could not parse the JSON options: Expecting at most one JSON value'],
    ['json:{"driver":"nbd"}', 'NBD server address missing'],
    ['json:{"driver":"raw","file":{}}', 'A block device must be specified for "file"'],
    ['json:{"driver":"raw","file":null}', 'A block device must be specified for "file"'],
  ])('%s', async (name, message) => {
    expect(await refusal(addDrive(`id=d0,file=${name.replaceAll(',', ',,')}`, block))).toBe(message);
  });
});

describe('refused', () => {
  test.each([
    ['file=none,format=raw', "Could not open 'none': No such file or directory"],
    ['driver=null-co,rerror=enospc', "'enospc' invalid read error action"],
    ['driver=null-co,werror=x', "'x' invalid write error action"],
    ['driver=null-co,cache=x', 'invalid cache option'],
    ['driver=null-co,cache=constructor', 'invalid cache option'],
    ['driver=null-co,copy-on-read=x', "Parameter 'copy-on-read' expects 'on' or 'off'"],
    ['driver=null-co,readonly=x', "Parameter 'readonly' expects 'on' or 'off'"],
    ['driver=null-co,format=raw', "Cannot specify both 'driver' and 'format'"],
    ['driver=null-co,node-name=d0', 'node-name=d0 is conflicting with a device id'],
    ['driver=null-co,discard=x', 'Invalid discard option'],
    ['driver=null-co,detect-zeroes=x', 'invalid parameter value: x'],
    ['driver=null-co,detect-zeroes.x=on', "Invalid parameter type for 'detect-zeroes', expected: string"],
    ['file=disk.img,aio=native', 'aio=native was specified, but it requires cache.direct=on'],
    ['foo=1', 'Must specify either driver or file'],
    ['driver=null-co,if=x', "unsupported bus type 'x'"],
    ['driver=null-co,media=x', "'x' invalid media"],
    ['driver=null-co,bus=x', "Parameter 'bus' expects a number"],
    ['driver=null-co,if=floppy,rerror=stop', 'rerror is not supported by this bus type'],
    ['driver=null-co,index=1,unit=1', 'index cannot be used with bus and unit'],
    ['driver=null-co,throttling.bps-total=1,throttling.bps-read=1', 'cannot be used at the same time'],
    ...['0', '-1', '4294967296', '1k', '0x10', '1.5', ''].map((value): [string, string] => [
      `driver=null-co,stats-intervals.0=${value}`,
      `Invalid interval length: ${value}`,
    ]),
    ['driver=null-co,stats-intervals.1=60', 'Invalid option stats-intervals.1'],
    ['driver=null-co,stats-intervals.0=60,stats-intervals.2=1', 'Invalid option stats-intervals.2'],
    ['driver=null-co,stats-intervals.0.a=1', 'The specification of stats-intervals is invalid'],
  ])('%s', async (text, message) => {
    expect(await refusal(addDrive(`id=d0,${text}`, block))).toContain(message);
  });

  test('an id that is none', async () => {
    expect(await refusal(addDrive('if=none,id=1a', block))).toContain(
      "Parameter 'id' expects an identifier\n",
    );
  });

  test('an id that is taken', async () => {
    await addDrive('if=none,id=d0', block);
    expect(await refusal(addDrive('if=none,id=d0', block))).toBe("Duplicate ID 'd0' for drive");
  });
});

describe('qemu-io on a drive', () => {
  const read = async (offset: number, length: number) => {
    const buffer = new Uint8Array(length);
    await drive('d0').node!.io.read(offset, buffer);
    return buffer;
  };
  beforeEach(() => addDrive('if=none,id=d0,format=raw,file=disk.img,node-name=n', block));

  test('writes patterns and zeroes; sizes have suffixes', async () => {
    await qemuIo('d0', 'write 1k 512');
    await qemuIo('d0', 'write -P 0x11 -q 4k 0.5k');
    await qemuIo('n', 'write -z 4k 256');
    expect(new Set(await read(1024, 512))).toEqual(new Set([0xcd]));
    expect(new Set(await read(4096, 256))).toEqual(new Set([0]));
    expect(new Set(await read(4096 + 256, 256))).toEqual(new Set([0x11]));
  });

  test.each(['write 1x 512', 'write', 'write -P', 'abort', 'read 2M 512', 'write 2M 512', 'write 0 4G', ''])(
    '%j does nothing that anybody hears of',
    async (line) => {
      expect(await refusal(qemuIo('d0', line))).toBe('not refused');
      expect(await read(0, 512)).toEqual(new Uint8Array(512));
      expect(drive('d0').node!.io.length()).toBe(1 << 20);
    },
  );

  test('of aio requests, invalid ones count as such, and writes of zeroes not at all', async () => {
    for (const line of ['aio_read -i 0 512', 'aio_write -i 0 512', 'aio_write -z 0 512', 'aio_flush'])
      await qemuIo('d0', line);
    expect(stats('d0')).toMatchObject({
      invalid_rd_operations: 1,
      invalid_wr_operations: 1,
      rd_operations: 0,
      wr_operations: 0,
      flush_operations: 1,
    });
  });

  test('a writer stays one, and is in the way of those who bear none', async () => {
    expect(drive('d0').node!.parents[0]!.permissions.perm).toBe(1);
    await qemuIo('d0', 'write 0 512');
    expect(drive('d0').node!.parents[0]!.permissions.perm).toBe(3);
  });

  test('a read-only node, and one that is not there', async () => {
    await block.add({ driver: 'null-co', 'node-name': 'r', 'read-only': true });
    expect(await refusal(qemuIo('r', 'write 0 512'))).toBe('Block node is read-only');
    expect(await refusal(qemuIo('x', 'read 0 512'))).toBe('Cannot find device= nor node_name=x');
  });

  test('statistics count what is asked for in the background, as devices ask', async () => {
    await qemuIo('d0', 'write 0 512');
    await qemuIo('d0', 'aio_write 0 1k');
    await qemuIo('d0', 'aio_read 0 512');
    await qemuIo('d0', 'aio_read 2M 512');
    await block.services.hostWork.idle();
    await qemuIo('d0', 'aio_flush');
    expect(stats('d0')).toMatchObject({
      wr_operations: 1,
      wr_bytes: 1024,
      rd_operations: 1,
      rd_bytes: 512,
      failed_rd_operations: 1,
      flush_operations: 1,
      wr_highest_offset: 1024,
    });
  });
});
