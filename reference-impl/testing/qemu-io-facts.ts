/**
 * What QEMU 7.2 prints for the commands of qemu-io that are no requests: on its standard output, on its standard error, and
 * to the monitor. `qemu-io-control.test.ts` holds the reference to it, `qemu-io-control.long.test.ts` QEMU itself.
 */

/** What both are given. */
export const FACT_OPTIONS = [
  ['-drive', 'if=none,id=d0,node-name=top,driver=raw,file.driver=blkdebug,file.image.driver=null-co'],
  ['-drive', 'if=none,id=empty'],
  ['-drive', 'if=none,id=plain,driver=null-co'],
  ['-object', 'throttle-group,id=g'],
  [
    '-blockdev',
    'driver=blkdebug,node-name=outer,image.driver=blkdebug,image.node-name=inner,image.image.driver=null-co',
  ],
  ['-blockdev', 'driver=throttle,node-name=throttled,throttle-group=g,file=outer'],
].flat();

/** A line, and what comes of it. */
export interface Fact {
  readonly on: string;
  readonly line: string;
  readonly out?: string;
  readonly err?: string;
  readonly told?: string;
}

const ENOENT = 'No such file or directory';
const ENOTSUP = 'Operation not supported';
const suspended = (tag: string) => `blkdebug: Suspended request '${tag}'\n`;
const resuming = (tag: string) => `blkdebug: Resuming request '${tag}'\n`;
const count = (got: number, command: string, expected: number) =>
  `bad argument count ${got} to ${command}, expected ${expected} arguments\n`;
const d0 = (line: string, out = ''): Fact => ({ on: 'd0', line, out });

const wrongWords: Fact[] = [
  { on: 'd0', line: 'break', err: count(0, 'break', 2) },
  { on: 'd0', line: 'break pwritev', err: count(1, 'break', 2) },
  { on: 'd0', line: 'break -- pwritev A', err: count(3, 'break', 2) },
  { on: 'd0', line: 'resume', err: count(0, 'resume', 1) },
  { on: 'd0', line: 'resume A B', err: count(2, 'resume', 1) },
  { on: 'd0', line: 'remove_break', err: count(0, 'remove_break', 1) },
  { on: 'd0', line: 'wait_break', err: count(0, 'wait_break', 1) },
  { on: 'd0', line: 'sleep', err: count(0, 'sleep', 1) },
  { on: 'd0', line: 'sleep 1 2', err: count(2, 'sleep', 1) },
  ...['x', '1k', '1.5', '-1', '0x', '0x1g', '-h'].map((text) =>
    d0(`sleep ${text}`, `${text} is not a valid number\n`),
  ),
  ...['0', '-0', '+1', '010', '0x1', '99999999999999999999'].map((text) => d0(`sleep ${text}`)),
  d0('break nope A', `Could not set breakpoint: ${ENOENT}\n`),
  d0('break PWRITEV A', `Could not set breakpoint: ${ENOENT}\n`),
  d0('break l1_update A'),
  d0('remove_break A'),
  d0('remove_break A', `Could not remove breakpoint A: ${ENOENT}\n`),
  d0('resume A', `Could not resume request: ${ENOENT}\n`),
];

const withoutBlkdebug: Fact[] = ['empty', 'plain'].flatMap((on) => [
  { on, line: 'break pwritev A', out: `Could not set breakpoint: ${ENOTSUP}\n` },
  { on, line: 'break nope A', out: `Could not set breakpoint: ${ENOTSUP}\n` },
  { on, line: 'resume A', out: `Could not resume request: ${ENOTSUP}\n` },
  { on, line: 'remove_break A', out: `Could not remove breakpoint A: ${ENOTSUP}\n` },
  { on, line: 'sleep 0' },
]);

const heldRequests: Fact[] = [
  // The others pass; a breakpoint strikes once.
  d0('break pwritev A'),
  d0('aio_write -q 0 512', suspended('A')),
  d0('aio_write -q 512 512'),
  d0('aio_read -q 0 512'),
  d0('wait_break A'),
  d0('resume B', `Could not resume request: ${ENOENT}\n`),
  d0('resume A', resuming('A')),
  d0('resume A', `Could not resume request: ${ENOENT}\n`),
  // Several strike the same request, the newest first; it goes on when all have let go.
  d0('break pwritev A'),
  d0('break pwritev A'),
  d0('break pwritev B'),
  d0('break pwritev_done C'),
  d0('aio_write -q 0 512', suspended('B') + suspended('A') + suspended('A')),
  d0('resume A', resuming('A')),
  d0('resume A', resuming('A')),
  d0('resume A', `Could not resume request: ${ENOENT}\n`),
  d0('resume B', resuming('B') + suspended('C')),
  d0('resume C', resuming('C')),
  // What was stopped last goes on first.
  d0('break pwritev A'),
  d0('break pwritev_zero Z'),
  d0('aio_write -q 0 512', suspended('A')),
  d0('aio_write -q -z 1k 512', suspended('Z')),
  d0('resume Z', resuming('Z')),
  d0('resume A', resuming('A')),
  // Removing lets go; it fails where nothing was armed.
  d0('break pwritev A'),
  d0('break pwritev A'),
  d0('aio_write -q 0 512', suspended('A') + suspended('A')),
  d0('remove_break A', `${resuming('A')}${resuming('A')}Could not remove breakpoint A: ${ENOENT}\n`),
  d0('break pwritev A'),
  d0('aio_write -q 0 512', suspended('A')),
  d0('break pwritev A'),
  d0('remove_break A', resuming('A')),
  d0('aio_write -q 0 512'),
  // The parent's events too.
  d0('break write_aio A'),
  d0('break read_aio B'),
  d0('aio_read -q 0 512', suspended('B')),
  d0('aio_write -q 1k 512', suspended('A')),
  d0('remove_break A', `${resuming('A')}Could not remove breakpoint A: ${ENOENT}\n`),
  d0('resume B', resuming('B')),
];

/** Commands find the first node below that stops requests. */
const nodesBelow: Fact[] = [
  { on: 'throttled', line: 'break pwritev A' },
  { on: 'inner', line: 'remove_break A', out: `Could not remove breakpoint A: ${ENOENT}\n` },
  { on: 'outer', line: 'remove_break A' },
  { on: 'inner', line: 'break pwritev A' },
  { on: 'outer', line: 'remove_break A', out: `Could not remove breakpoint A: ${ENOENT}\n` },
  { on: 'inner', line: 'remove_break A' },
];

const usage = 'reopen [(-r|-w)] [-c cache] [-o options] -- reopens an image with new options\n';
const reopened = (line: string, told = ''): Fact => ({ on: 'd0', line: `reopen${line}`, told });

const reopen: Fact[] = [
  { on: 'd0', line: 'reopen -x', err: "reopen: invalid option -- 'x'\n", out: usage },
  { on: 'd0', line: 'reopen -c', err: "reopen: option requires an argument -- 'c'\n", out: usage },
  { on: 'd0', line: 'reopen -w x', out: usage },
  reopened(''),
  reopened(' -r -w', 'Only one -r/-w option may be given'),
  reopened(' -rr', 'Only one -r/-w option may be given'),
  reopened(' -c bad', 'Invalid cache option: bad'),
  reopened(' -r -o read-only=off', "Cannot set both -r/-w and 'read-only'"),
  reopened(' -c writeback -o cache.direct=on', 'Cannot set both -c and the cache options'),
  reopened(' -o read-only=maybe', "Parameter 'read-only' expects 'on' or 'off'"),
  reopened(' -o cache.direct=maybe', "Parameter 'cache.direct' expects 'on' or 'off'"),
  reopened(' -o node-name=x', "Cannot change the option 'node-name'"),
  reopened(' -o driver=qcow2', "Cannot change the option 'driver'"),
  reopened(' -o cache.writeback=off', "Cannot change the option 'cache.writeback'"),
  reopened(' -o x=y', "Cannot change the option 'x'"),
  reopened(' -o discard=bad', 'Invalid discard option'),
  reopened(' -o detect-zeroes=bad', 'invalid parameter value: bad'),
  reopened(
    ' -o detect-zeroes=unmap',
    'setting detect-zeroes to unmap is not allowed without setting discard operation to unmap',
  ),
  reopened(' -o discard=unmap -o detect-zeroes=unmap'),
  reopened(' -o discard=ignore,detect-zeroes=off'),
  reopened(' -rcnone'),
  { on: 'd0', line: 'write -q 0 512', told: 'Block node is read-only' },
  reopened(' -o read-only=off'),
  { on: 'd0', line: 'write -q 0 512' },
];

/** In the order in which they are given. */
export const FACTS: readonly Fact[] = [
  ...wrongWords,
  ...withoutBlkdebug,
  ...heldRequests,
  ...nodesBelow,
  ...reopen,
];
