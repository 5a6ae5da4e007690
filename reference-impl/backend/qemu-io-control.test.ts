/** What qemu-io's `break`, `resume` and their like print and do: which requests are held, and what lets them go. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { MonitorPipe, Reference } from '../endpoint.ts';
import { startReference } from '../start-reference.ts';
import { FACT_OPTIONS, FACTS, type Fact } from '../testing/qemu-io-facts.ts';
import { ManualClock } from '../testing/test-services.ts';

/** A client of the first monitor of an endpoint. */
class Session {
  readonly clock = new ManualClock();
  readonly folder = mkdtempSync(join(tmpdir(), 'qmpcheck-control-'));
  out = '';
  err = '';
  readonly #received: JsonObject[] = [];
  #reference!: Reference;
  #pipe!: MonitorPipe;

  static async start(argv: readonly string[]): Promise<Session> {
    const session = new Session();
    writeFileSync(join(session.folder, 'disk'), Buffer.alloc(4096));
    session.#reference = await startReference({
      argv,
      cwd: session.folder,
      clock: session.clock,
      print: (line) => {
        session.out += `${line}\n`;
      },
      log: (line) => {
        session.err += `${line}\n`;
      },
    });
    const data = (bytes: Uint8Array) => {
      for (const line of Buffer.from(bytes).toString().trim().split('\r\n'))
        session.#received.push(JSON.parse(line) as JsonObject);
    };
    session.#pipe = session.#reference.connect(0, { data, end: () => {} });
    await session.execute('qmp_capabilities');
    return session;
  }

  /** The answer, if it comes before time passes. */
  async execute(execute: string, args: object = {}): Promise<JsonObject | undefined> {
    this.#received.splice(0);
    this.#pipe.write(Buffer.from(`${JSON.stringify({ execute, arguments: args })}\n`));
    return this.answer();
  }

  async answer(): Promise<JsonObject | undefined> {
    await this.#reference.idle();
    return this.#received.find((message) => !('event' in message) && !('QMP' in message));
  }

  /** The answer, which time has to pass for: up to ten timers, one after another. */
  async later(): Promise<JsonObject | undefined> {
    let answer: JsonObject | undefined;
    for (let timers = 0; timers < 10 && answer === undefined; timers += 1) {
      this.clock.advance(1_000_000_000n);
      answer = await this.answer();
    }
    return answer;
  }

  /** What the monitor tells of a line of qemu-io; undefined while it is being carried out. */
  async io(on: string, line: string): Promise<string | undefined> {
    const command = { 'command-line': `qemu-io ${on} "${line}"` };
    const answer = await this.execute('human-monitor-command', command);
    return answer && String(answer.return).trim();
  }

  get events(): unknown[] {
    return this.#received.flatMap(({ event }) => event ?? []);
  }

  get ended(): Promise<number> {
    return this.#reference.exited;
  }

  async close(): Promise<void> {
    await this.#reference.stop();
    rmSync(this.folder, { recursive: true });
  }
}

let session: Session;

afterEach(() => session.close());

test('what is printed is what QEMU prints', async () => {
  session = await Session.start(FACT_OPTIONS);
  const observed: Fact[] = [];
  for (const { on, line } of FACTS) {
    Object.assign(session, { out: '', err: '' });
    const told = (await session.io(on, line)) ?? String((await session.later())?.return);
    observed.push({ on, line, out: session.out, err: session.err, told });
  }
  expect(observed).toEqual(FACTS.map((fact) => ({ out: '', err: '', told: '', ...fact })));
});

test('sleep lasts as long as it is told to', async () => {
  session = await Session.start(FACT_OPTIONS);
  expect(await session.io('d0', 'sleep 0x10')).toBeUndefined();
  session.clock.advance(15_999_999n);
  expect(await session.answer()).toBeUndefined();
  session.clock.advance(1n);
  expect(await session.answer()).toEqual({ return: '' });
});

test('who waits for what cannot come is told', async () => {
  session = await Session.start(FACT_OPTIONS);
  await session.io('d0', 'wait_break A');
  await session.io('plain', 'wait_break A');
  expect(session.out).toBe(
    'No request will be suspended as A: No such file or directory\nNo request will be suspended as A: Operation not supported\n',
  );
});

const DISK =
  'if=none,id=d0,node-name=top,driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=disk';

describe('a write that is held', () => {
  const bytes = () =>
    readFileSync(join(session.folder, 'disk'))
      .subarray(0, 1536)
      .filter((_, at) => at % 512 === 0);
  const written = async (): Promise<unknown> => {
    const stats = (await session.execute('query-blockstats'))?.return as JsonObject[];
    return (stats.find(({ device }) => device === 'd0')?.stats as JsonObject | undefined)?.wr_operations;
  };

  beforeEach(async () => {
    session = await Session.start(['-drive', DISK]);
    await session.io('d0', 'break pwritev A');
    expect(await session.io('d0', 'aio_write -P 1 0 512')).toBe('');
    expect(session.out).toBe("blkdebug: Suspended request 'A'\n");
  });

  test('is in flight, and the next one is not held', async () => {
    await session.io('d0', 'write -P 2 512 512');
    expect([...bytes()]).toEqual([0, 2, 0]);
    expect(await written()).toBe(0);
    await session.io('d0', 'resume A');
    expect([...bytes()]).toEqual([1, 2, 0]);
    expect(await written()).toBe(1);
  });

  test('keeps what overlaps waiting', async () => {
    await session.io('d0', 'aio_write -P 3 0 1024');
    expect([...bytes()]).toEqual([0, 0, 0]);
    await session.io('d0', 'resume A');
    await session.answer();
    expect([...bytes()]).toEqual([3, 3, 0]);
  });

  test.each<[command: string, args: object]>([
    ['block_resize', { device: 'd0', size: 8192 }],
    ['eject', { device: 'd0', force: true }],
    ['stop', {}],
    ['human-monitor-command', { 'command-line': 'qemu-io d0 aio_flush' }],
    ['human-monitor-command', { 'command-line': 'qemu-io d0 "reopen -r"' }],
    ['human-monitor-command', { 'command-line': 'drive_del d0' }],
    ['blockdev-snapshot-sync', { device: 'd0', 'snapshot-file': 'snapshot', format: 'qcow2' }],
  ])('is let go by %s %o', async (command, args) => {
    if (command === 'stop') await session.execute('cont');
    expect(await session.execute(command, args)).toHaveProperty('return');
    expect(session.out).toBe("blkdebug: Suspended request 'A'\nblkdebug: Resuming request 'A'\n");
    expect([...bytes()]).toEqual([1, 0, 0]);
  });

  test('does not keep the endpoint from ending', async () => {
    await session.execute('quit');
    expect(await session.ended).toBe(0);
    expect([...bytes()]).toEqual([1, 0, 0]);
  });
});

describe('a job', () => {
  const jobs = async () => (await session.execute('query-block-jobs'))?.return;

  beforeEach(async () => {
    const nodes = [
      'driver=null-co,node-name=source,size=65536,latency-ns=5',
      'driver=null-co,node-name=image,size=65536',
      'driver=blkdebug,node-name=target,image=image',
    ];
    session = await Session.start(nodes.flatMap((node) => ['-blockdev', node]));
  });

  const backup = () =>
    session.execute('blockdev-backup', {
      'job-id': 'j',
      device: 'source',
      target: 'target',
      sync: 'full',
    });

  test('that is held is what wait_break waits for', async () => {
    for (const event of ['pwritev', 'pwritev_zero']) await session.io('target', `break ${event} A`);
    await backup();
    expect(await session.io('target', 'wait_break A')).toBeUndefined();
    expect(await session.later()).toEqual({ return: '' });
    expect(await jobs()).toMatchObject([{ device: 'j', offset: 0, busy: true }]);
    await session.io('target', 'resume A');
    await session.later();
    expect(await jobs()).toEqual([]);
  });

  test('comes to its end while a command waits', async () => {
    await backup();
    expect(await session.io('target', 'sleep 1000000')).toBeUndefined();
    expect(await session.later()).toBeUndefined();
    expect(session.events).toContain('BLOCK_JOB_COMPLETED');
  });
});

describe('reopen', () => {
  const cacheOf = async (name: string): Promise<unknown> => {
    const nodes = (await session.execute('query-named-block-nodes'))?.return as JsonObject[];
    const { cache, ro } = nodes.find((node) => node['node-name'] === name)!;
    const { direct, 'no-flush': noFlush } = cache as JsonObject;
    return { direct, noFlush, ro };
  };

  test('changes children that say nothing else', async () => {
    const raw =
      'if=none,id=d0,node-name=top,driver=raw,file.driver=blkdebug,file.node-name=mid,file.read-only=off';
    const low = 'file.image.driver=null-co,file.image.node-name=low,file.image.cache.no-flush=off';
    session = await Session.start(['-drive', `${raw},${low}`]);
    expect(await session.io('d0', 'reopen -c unsafe')).toBe('');
    expect(await cacheOf('top')).toEqual({ direct: false, noFlush: true, ro: false });
    expect(await cacheOf('mid')).toEqual({ direct: false, noFlush: true, ro: false });
    expect(await cacheOf('low')).toEqual({ direct: false, noFlush: false, ro: false });
    expect(await session.io('d0', 'reopen -r -c none')).toBe('');
    expect(await cacheOf('top')).toEqual({ direct: true, noFlush: false, ro: true });
    expect(await cacheOf('mid')).toEqual({ direct: true, noFlush: false, ro: false });
  });

  test('changes what the drive does with writes', async () => {
    session = await Session.start(FACT_OPTIONS);
    const writeback = async (): Promise<unknown> => {
      const drives = (await session.execute('query-block'))?.return as { inserted?: { cache: JsonObject } }[];
      return drives[0]?.inserted?.cache.writeback;
    };
    for (const [mode, expected] of Object.entries({
      writethrough: false,
      writeback: true,
      directsync: false,
    })) {
      expect(await session.io('d0', `reopen -c ${mode}`)).toBe('');
      expect(await writeback()).toBe(expected);
    }
  });

  test('of a drive in use leaves that to its device', async () => {
    session = await Session.start([...FACT_OPTIONS, '-device', 'virtio-blk-pci,drive=d0']);
    expect(await session.io('d0', 'reopen -c none')).toBe('');
    expect(await session.io('d0', 'reopen -c writethrough')).toBe(
      'Cannot change cache.writeback: Device attached',
    );
  });

  test('changes what a driver lets change', async () => {
    const window = 'if=none,id=d0,driver=raw,file.driver=null-co,file.size=4096,size=1024,node-name=top';
    session = await Session.start(['-drive', window, '-object', 'throttle-group,id=tg']);
    const size = async (): Promise<unknown> => {
      const nodes = (await session.execute('query-named-block-nodes'))?.return as JsonObject[];
      return (nodes.find((node) => node['node-name'] === 'top')!.image as JsonObject)['virtual-size'];
    };
    for (const [line, refusal, expected] of [
      ['offset=512', '', 1024],
      ['size=2k', '', 2048],
      ['size=100', 'Specified size is not multiple of 512', 2048],
      [
        'size=4096',
        'The sum of offset (512) and size (4096) has to be smaller or equal to the  actual size of the containing file (4096)',
        2048,
      ],
      ['offset=5000', 'Offset (5000) cannot be greater than size of the containing file (4096)', 2048],
      [
        'size=x',
        "Parameter 'size' expects a non-negative number below 2^64\r\nOptional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\r\nand exabytes, respectively.",
        2048,
      ],
      ['nothing=1', "Cannot change the option 'nothing'", 2048],
      ['file.size=1', "Cannot change the option 'size'", 2048],
      ['file.driver=file,size=512', "Cannot change the option 'driver'", 2048],
      ['driver=qcow2', "Cannot change the option 'driver'", 2048],
      ['node-name=other', "Cannot change the option 'node-name'", 2048],
      ['driver=raw,node-name=top,file.driver=null-co', '', 2048],
      ['offset=0,size=4096', '', 4096],
    ] as const) {
      expect(await session.io('d0', `reopen -o ${line}`)).toBe(refusal);
      expect(await size()).toBe(expected);
    }
  });

  test('changes the group of a throttle node', async () => {
    const node = ['-blockdev', 'driver=throttle,throttle-group=a,node-name=top,file.driver=null-co'];
    const groups = ['-object', 'throttle-group,id=a', '-object', 'throttle-group,id=b'];
    session = await Session.start([...groups, ...node]);
    const goes = async (id: string): Promise<boolean> =>
      'return' in ((await session.execute('object-del', { id })) ?? {});
    expect(await session.io('top', 'reopen -o throttle-group=none')).toBe(
      "Throttle group 'none' does not exist",
    );
    expect(await session.io('top', 'reopen -o throttle-group=b')).toBe('');
    expect([await goes('b'), await goes('a')]).toEqual([false, true]);
  });

  test('of an empty drive is refused', async () => {
    session = await Session.start(FACT_OPTIONS);
    expect(await session.io('empty', 'reopen -r')).toBe('No medium found');
  });

  test('is refused where a device writes', async () => {
    session = await Session.start([...FACT_OPTIONS, '-device', 'virtio-blk-pci,drive=d0']);
    expect(await session.io('top', 'reopen -r')).toBe('Block node is read-only');
  });
});
