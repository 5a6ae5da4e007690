/** Starts of QEMU 7.2 on the same command lines: which drives there are, and what is refused in which words. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { applyOptions } from './apply-options.ts';
import { dialectOf, OptionError } from './options/argv.ts';
import { processOptions } from './process-options.ts';
import { ReferenceEndpoint } from './reference-endpoint.ts';

let folder: string;
let endpoint: ReferenceEndpoint;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-options-'));
  for (const name of ['d', 'e', 'a,b']) writeFileSync(join(folder, name), new Uint8Array(1024));
  writeFileSync(
    join(folder, 'good.cfg'),
    '# a comment\n[drive "d0"]\n  file = "d"\n  if = "none"\n  format = "raw"\n\n[name]\n  guest = "cfg"\n',
  );
  writeFileSync(join(folder, 'no-file.cfg'), '[drive "d0"]\n  file = "nofile"\n');
  writeFileSync(join(folder, 'no-quote.cfg'), '[drive "d0"]\n  file = "d\n  if = "none"\n');
  writeFileSync(join(folder, 'no-group.cfg'), '[foo "d0"]\n');
  writeFileSync(join(folder, 'no-header.cfg'), '  file = "nofile"\n');
  writeFileSync(join(folder, 'bus.cfg'), '[drive "d0"]\n\n\n  file = "d"\n  if = "bar"\n');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  endpoint.shutdown();
  await endpoint.exited;
});

async function start(words: string): Promise<void> {
  endpoint = new ReferenceEndpoint({ cwd: folder });
  await applyOptions(words === '' ? [] : words.split(' '), endpoint);
}

async function refusal(words: string): Promise<string> {
  try {
    await start(words);
  } catch (error) {
    if (error instanceof OptionError) return error.message;
    throw error;
  }
  return 'not refused';
}

/** Name of each drive, with its file. */
function drives(): string {
  return endpoint.block.backends.all
    .map(({ name, node }) => (node === undefined ? name : `${name}=${node.filename.shown}`))
    .join(' ');
}

describe('drives', () => {
  test.each([
    ['', 'ide1-cd0 floppy0 sd0'],
    ['-machine none', ''],
    ['-machine pc-1.0', 'ide1-cd0 floppy0 sd0'],
    ['-nodefaults', ''],
    ['-hda d', 'ide0-hd0=d ide1-cd0 floppy0 sd0'],
    ['-device ide-cd', 'floppy0 sd0 '],
    ['-device {"driver":"floppy"}', 'ide1-cd0 sd0 '],
    ['-hdb d -nodefaults', 'ide0-hd1=d'],
    ['-hdc d', 'ide1-hd0=d floppy0 sd0'],
    ['-cdrom d', 'ide1-cd0=d floppy0 sd0'],
    ['-fda d -hdd e', 'floppy0=d ide1-hd1=e ide1-cd0 sd0'],
    ['d -nodefaults', 'ide0-hd0=d'],
    ['-nodefaults -hda a,b', 'ide0-hd0=a,b'],
    ['-nodefaults -drive file=d', 'ide0-hd0=d'],
    ['-nodefaults -drive file=d -drive file=e', 'ide0-hd0=d ide0-hd1=e'],
    ['-nodefaults --drive file=d,index=3', 'ide1-hd1=d'],
    ['-nodefaults -drive file=d,bus=1,unit=1', 'ide1-hd1=d'],
    ['-nodefaults -drive file=d,index=-1', 'ide0-hd0=d'],
    ['-nodefaults -drive media=cdrom', 'ide0-cd0'],
    ['-nodefaults -drive file=d,if=virtio', 'virtio0=d'],
    ['-nodefaults -drive file=d,if=pflash', 'pflash0=d'],
    ['-M none -hda d -cdrom e', 'none0=d none2=e'],
    ['-M type=none -drive if=none,bus=1,unit=4 -drive if=none', 'none4 none0'],
    ['-readconfig good.cfg -M none', 'd0=d'],
    ['-M none -drive id=a,file=d -set drive.a.format=raw', 'a=d'],
  ])('%s', async (words, found) => {
    await start(words);
    expect(drives()).toBe(found);
  });

  test('those for CDs are read-only, others are not, unless it is said', async () => {
    await start(
      '-M none -drive id=a,file=d,media=cdrom -drive id=b,file=e -drive id=c,driver=null-co,media=cdrom,read-only=off',
    );
    expect(['a', 'b', 'c'].map((id) => endpoint.block.backends.find(id)!.node!.readOnly)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('-snapshot is about drives that do not say otherwise', async () => {
    await start(
      '-M none -snapshot d -drive id=b,file=e,snapshot=off -blockdev raw,node-name=n,file.driver=null-co',
    );
    expect(endpoint.block.backends.find('none0')!.node!.driverName).toBe('qcow2');
    expect(endpoint.block.backends.find('b')!.node!.driverName).toBe('raw');
    expect(endpoint.block.graph.find('n')!.driverName).toBe('raw');
  });
});

describe('a machine with USB', () => {
  const STICK = '-nodefaults -drive if=none,id=d,file=d -device usb-storage,id=stick,drive=d';
  test.each(['-usb', '-M pc,usb=on', '-usb -M q35', '-M type=q35,usb=on'])('%s has a bus', async (words) => {
    await start(`${STICK} ${words}`);
    expect(endpoint.devices.bus('usb-bus.0')?.devices).toHaveLength(1);
  });
  test.each(['', '-M pc,usb=off', '-usb -M none'])('%s has none', async (words) => {
    expect(await refusal(`${STICK} ${words}`.trim())).toContain("No 'usb-bus' bus found");
  });
});

describe('refused', () => {
  test.each([
    ['-foo', '-foo: invalid option'],
    ['--foo', '--foo: invalid option'],
    ['-S=1', '-S=1: invalid option'],
    ['-toString', '-toString: invalid option'],
    ['-drive', '-drive: requires an argument'],
    ['-machine foo', 'unsupported machine type\nUse -machine help to list supported machines'],
    ['-uuid foo', '-uuid foo: failed to parse UUID string: wrong format'],
    ['-name x=1', "-name x=1: Invalid parameter 'x'"],
    ['-hda nofile', "-hda nofile: Could not open 'nofile': No such file or directory"],
    ['nofile', "nofile: Could not open 'nofile': No such file or directory"],
    ['d e', 'e: drive with bus=0, unit=0 (index=0) exists'],
    ['-drive file=d,if=foo', "-drive file=d,if=foo: unsupported bus type 'foo'"],
    ['-drive file=d,index=7', '-drive file=d,index=7: machine type does not support if=ide,bus=3,unit=1'],
    ['-drive file=d,unit=5', '-drive file=d,unit=5: unit 5 too big (max is 1)'],
    ['-drive unit=1 -drive unit=1', '-drive unit=1: drive with bus=0, unit=1 (index=-1) exists'],
    [
      '-drive file=d,if=floppy,index=2',
      '-drive file=d,if=floppy,index=2: machine type does not support if=floppy,bus=0,unit=2',
    ],
    [
      '-drive file=d,file.filename=e',
      "-drive file=d,file.filename=e: Can't specify 'file' and 'filename' options at the same time",
    ],
    [
      '-drive file=ssh://h/d,file.user=joe',
      "-drive file=ssh://h/d,file.user=joe: Option 'user' cannot be used with a file name",
    ],
    [
      '-drive driver=nbd,file=nbd://h/d,export=e',
      "-drive driver=nbd,file=nbd://h/d,export=e: Option 'export' cannot be used with a file name",
    ],
    [
      '-drive file=nbd://h/d,file.server.type=inet',
      "-drive file=nbd://h/d,file.server.type=inet: Option 'server.type' cannot be used with a file name",
    ],
    [
      '-drive file=ssh://h/d,file.driver=nbd',
      '-drive file=ssh://h/d,file.driver=nbd: No valid URL specified',
    ],
    [
      '-drive file=ssh://h/d,file.host=g',
      "-drive file=ssh://h/d,file.host=g: Option 'host' cannot be used with a file name",
    ],
    [
      '-drive file.driver=ssh,file.port=1,file.path=/d',
      '-drive file.driver=ssh,file.port=1,file.path=/d: port may not be used without host',
    ],
    ['-drive file.driver=nbd,file.port=1', '-drive file.driver=nbd,file.port=1: NBD server address missing'],
    [
      '-drive file.driver=nbd,file.path=/s,file.port=1',
      '-drive file.driver=nbd,file.path=/s,file.port=1: port may not be used without host',
    ],
    [
      '-drive file.driver=nbd,file.path=/s,file.host=h',
      '-drive file.driver=nbd,file.path=/s,file.host=h: path and host may not be used at the same time',
    ],
    [
      '-drive file.driver=nbd,file.host=h,file.server.type=unix',
      "-drive file.driver=nbd,file.host=h,file.server.type=unix: Cannot use 'server' and path/host/port at the same time",
    ],
    ['-M none -fda d', '-fda d: machine type does not support if=floppy,bus=0,unit=0'],
    ['-drive if=none,id=a -drive if=none,id=a', "-drive if=none,id=a: Duplicate ID 'a' for drive"],
    ['-drive if=ide', 'Device needs media, but drive is empty'],
    ['-object iothread', "-object iothread: Parameter 'id' is missing"],
    ['-device foo', "-device foo: 'foo' is not a valid device model name"],
    [
      '-chardev null,id=c -mon c,mode=control -mon c,mode=control',
      "-mon c,mode=control: Device 'c' is in use",
    ],
    ['-chardev null,id=c -mon c -qmp chardev:c', "-qmp chardev:c: Device 'c' is in use"],
    ['-chardev null,id=c -mon c -qtest chardev:c', "-mon c: Device 'c' is in use"],
    ['-mon foo', '-mon foo: chardev "foo" not found'],
    ['-chardev null', '-chardev null: chardev: no id specified'],
    ['-chardev foo,id=a', "-chardev foo,id=a: 'foo' is not a valid char driver name"],
    ['-set foo', '-set foo: can\'t parse: "foo"'],
    ['-set drive.d0.file=x', '-set drive.d0.file=x: there is no drive "d0" defined'],
    ['-readconfig /nofile', "-readconfig /nofile: Could not open '/nofile': No such file or directory"],
    ['-readconfig no-file.cfg', "no-file.cfg:2: Could not open 'nofile': No such file or directory"],
    ['-readconfig no-quote.cfg', "no-quote.cfg:3: Could not open 'd\n': No such file or directory"],
    ['-readconfig no-group.cfg', "no-group.cfg:1: There is no option group 'foo'"],
    ['-readconfig no-header.cfg', 'no-header.cfg:1: no group defined'],
    ['-pidfile no/p', "cannot create PID file: Could not create 'no/p': No such file or directory"],
    ['-daemonize -qtest stdio', '-qtest stdio: cannot use stdio with -daemonize'],
    ['-daemonize -qmp stdio', '-qmp stdio: cannot use stdio with -daemonize'],
    ['-add-fd fd=77,set=1', '-add-fd fd=77,set=1: fd is not valid or already in use'],
    ['-add-fd fd=1,set=1', '-add-fd fd=1,set=1: fd cannot be a standard I/O stream'],
    ['-add-fd fd=x,set=1', "-add-fd fd=x,set=1: Parameter 'fd' expects a number"],
    ['-add-fd set=1', '-add-fd set=1: fd option is required and must be non-negative'],
    ['-readconfig bus.cfg', "bus.cfg:5: unsupported bus type 'bar'"],
  ])('%s', async (words, message) => {
    expect(await refusal(words)).toBe(message);
  });
});

test('-qtest-log tells who comes and goes, and the seconds since then', async () => {
  const path = join(folder, 'socket');
  await start(`-M none -qtest unix:${path},server,nowait -qtest-log log`);
  const client = createConnection(path);
  for (const line of ['endianness', 'inb 0']) {
    client.write(`${line}\n`);
    await once(client, 'data');
  }
  client.end();
  await once(client, 'close');
  endpoint.shutdown();
  await endpoint.exited;
  const lines = readFileSync(join(folder, 'log'), 'utf8')
    .replaceAll(/\d+\.\d{6}/g, 'S')
    .split('\n');
  expect(lines).toEqual([
    '[I S] OPENED',
    '[R +S] endianness',
    '[S +S] OK little',
    '[R +S] inb 0',
    '[S +S] OK 0x00ff',
    '[I +S] CLOSED',
    '',
  ]);
});

describe('the storage daemon takes its options one after another', () => {
  const n = '--blockdev null-co,node-name=n';
  test.each([
    ['-foo', "invalid option -- 'f'"],
    ['--blockdev', "option '--blockdev' requires an argument"],
    ['--blockdev=foo', "--blockdev=foo: Invalid parameter 'foo'"],
    ['x', 'x: Unexpected argument'],
    ['--monitor chardev=x --chardev null,id=x', '--monitor chardev=x: chardev "x" not found'],
    ['--nbd-server foo', "--nbd-server foo: Expected '=' after parameter 'foo'"],
    ['--export foo', "--export foo: Parameter 'type' does not accept value 'foo'"],
    [
      '--export nbd,id=x,node-name=n',
      "--export nbd,id=x,node-name=n: Cannot find device='' nor node-name='n'",
    ],
    [`${n} --export nbd,id=x,node-name=n`, '--export nbd,id=x,node-name=n: NBD server not running'],
    [
      `${n} --export nbd,id=x,node-name=n,y=1`,
      "--export nbd,id=x,node-name=n,y=1: Parameter 'y' is unexpected",
    ],
  ])('%s', async (words, message) => {
    endpoint = new ReferenceEndpoint({ cwd: folder });
    await expect(applyOptions(words.split(' '), endpoint, 'storage-daemon')).rejects.toThrow(message);
  });

  test.each([
    ['--export nbd,id=x,node-name=n', 'storage-daemon'],
    ['--blockdev x --nbd-server=y', 'storage-daemon'],
    ['--chardev x --monitor chardev=y', 'storage-daemon'],
    ['--blockdev x --monitor stdio', 'qemu'],
    ['-monitor chardev=y', 'qemu'],
  ])('%s is the command line of %s', (words, dialect) => {
    expect(dialectOf(words.split(' '))).toBe(dialect);
  });
});

test('who comes before all options are carried out is not greeted until they are', async () => {
  const [monitor, slow] = [join(folder, 'early'), join(folder, 'slow')];
  const words = `--chardev socket,id=m,server=on,path=early --monitor m --blockdev nbd,node-name=n,server.type=unix,server.path=slow`;
  const said: string[] = [];
  const server = createServer();
  server.listen(slow);
  const asked = once(server, 'connection') as Promise<[Socket]>;
  endpoint = new ReferenceEndpoint({ cwd: folder });
  const started = applyOptions(words.split(' '), endpoint, 'storage-daemon');
  const refused = expect(started).rejects.toThrow('--blockdev nbd,node-name=n');
  const [node] = await asked;
  const client = createConnection(monitor);
  client.on('data', (bytes) => said.push(String(bytes)));
  const left = once(client, 'close');
  await once(client, 'connect');
  // Nothing comes from it that the node would wait for.
  node.end('no greeting of this protocol\n');
  await refused;
  endpoint.shutdown();
  await endpoint.exited;
  await left;
  expect(said).toEqual([]);
  server.close();
});

describe('a call that only asks is answered', () => {
  test.each([
    ['-enable-kvm -version -foo', undefined],
    ['-h', '[driver=]driver'],
    ['-M help', 'q35'],
    ['-device ?', 'name "ide-cd"'],
    ['-object help', 'throttle-group'],
    ['-chardev help', 'socket'],
    ['-drive format=help', 'qcow2'],
    ['-qmp stdio', undefined],
  ])('%s', (words, shown) => {
    const asked = () => processOptions(words.split(' '), 'qemu').answer;
    if (words.includes('-foo')) expect(asked).toThrow('-foo: invalid option');
    else if (shown === undefined) expect(asked()).toBeUndefined();
    else expect(asked()).toContain(shown);
  });

  test('--help of the storage daemon is about its own options', () => {
    expect(processOptions(['--help'], 'storage-daemon').answer).toContain('--nbd-server');
    expect(processOptions(['-V'], 'storage-daemon').answer).toContain('qemu-storage-daemon version 2.11.50');
  });
});

test('-global is about devices that are not told otherwise', async () => {
  await start(
    '-nodefaults -drive if=none,id=a -drive if=none,id=b -global ide-cd.serial=all -global driver=ide-cd,property=ver,value=v ' +
      '-device ide-cd,drive=a,id=x -device ide-cd,drive=b,id=y,serial=own',
  );
  const found = ['x', 'y'].map((id) => endpoint.devices.find(id).identity.properties);
  expect(found.map((properties) => [properties.get('serial'), properties.get('ver')])).toEqual([
    ['all', 'v'],
    ['own', 'v'],
  ]);
});

test('the guest is called what -name says; with -S it waits', async () => {
  await start('-name guest=vm,debug-threads=on -S');
  expect(endpoint.guestName).toBe('vm');
  expect(endpoint.run.describe()).toMatchObject({ status: 'prelaunch' });
});

test('what concerns processors, memory, displays and networks is taken and changes nothing', async () => {
  await start(
    '-M none -enable-kvm -cpu host -smp 2 -m 512 -uuid 11111111-2222-3333-4444-555555555555 -boot c -rtc base=utc ' +
      '-no-shutdown -no-reboot -sandbox on -incoming defer -vga none -display none -net none -msg timestamp=on -accel tcg',
  );
  expect(endpoint.run.describe()).toMatchObject({ status: 'running' });
});
