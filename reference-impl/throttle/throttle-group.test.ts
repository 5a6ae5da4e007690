import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../testing/test-services.ts';
import { checkConfig, isLimited, throttleConfig, throttleLimits } from './throttle-config.ts';
import { type Direction, ThrottleGroup, ThrottleGroups, type ThrottleMember } from './throttle-group.ts';

const MILLISECOND = 1_000_000n;

/** A group on a clock that only the test moves, and the order in which requests passed. */
function setUp(limits: Record<string, number>, members = 1) {
  const clock = new ManualClock();
  const group = new ThrottleGroup('g', clock, throttleConfig(limits));
  const passed: string[] = [];
  const joined = Array.from({ length: members }, () => group.join());
  const request = (member: ThrottleMember, label: string, bytes: number, direction: Direction = 'read') => {
    const turn = member.request(direction, bytes);
    if (turn) void turn.then(() => passed.push(label));
    else passed.push(label);
  };
  /** Moves time on in small steps, and lets what it set free go on. */
  const advance = async (milliseconds: number): Promise<void> => {
    for (let step = 0; step < milliseconds; step++) {
      clock.advance(MILLISECOND);
      await Promise.resolve();
    }
  };
  return { clock, group, members: joined, passed, request, advance };
}

/** How many of many requests pass in a second. */
async function rate(limits: Record<string, number>, bytes: number, direction: Direction = 'read') {
  const { members, passed, request, advance } = setUp(limits);
  for (let i = 0; i < 3000; i++) request(members[0]!, String(i), bytes, direction);
  await advance(1000);
  const inFirst = passed.length;
  await advance(1000);
  return { inFirst, inSecond: passed.length - inFirst };
}

describe('a throttle group', () => {
  test('lets everything pass that has no limit', async () => {
    expect((await rate({}, 1 << 20)).inFirst).toBe(3000);
    expect((await rate({ 'bps-write': 1 }, 1 << 20)).inFirst).toBe(3000);
    expect((await rate({ 'iops-read': 1 }, 1, 'write')).inFirst).toBe(3000);
  });

  test.each<[Record<string, number>, number, number]>([
    [{ 'iops-total': 100 }, 512, 100],
    [{ 'iops-read': 50 }, 1 << 20, 50],
    [{ 'bps-total': 100 * 512 }, 512, 100],
    [{ 'bps-read': 1 << 20 }, 1 << 16, 16],
    // The stricter of two limits holds.
    [{ 'bps-total': 1 << 20, 'iops-total': 7 }, 1 << 16, 7],
    // Twice the size counts twice.
    [{ 'iops-total': 100, 'iops-size': 4096 }, 8192, 50],
    [{ 'iops-total': 100, 'iops-size': 4096 }, 100, 100],
  ])('%o lets %d bytes at a time pass %d times a second', async (limits, bytes, expected) => {
    const { inFirst, inSecond } = await rate(limits, bytes);
    expect(Math.abs(inSecond - expected)).toBeLessThanOrEqual(1);
    // A tenth of a second's worth goes first, and the request that makes the bucket overflow.
    expect(inFirst).toBeLessThanOrEqual(expected * 1.1 + 2);
  });

  test('a burst goes at its own rate for its length, then at the plain rate', async () => {
    const { members, passed, request, advance } = setUp({
      'iops-total': 10,
      'iops-total-max': 100,
      'iops-total-max-length': 3,
    });
    for (let i = 0; i < 1000; i++) request(members[0]!, String(i), 512);
    const counts: number[] = [];
    for (let second = 0; second < 6; second++) {
      const before = passed.length;
      await advance(1000);
      counts.push(passed.length - before);
    }
    expect(counts[0]).toBeGreaterThanOrEqual(100);
    expect(counts[0]).toBeLessThanOrEqual(112);
    expect(Math.abs(counts[1]! - 100)).toBeLessThanOrEqual(1);
    expect(counts.slice(4).every((count) => Math.abs(count - 10) <= 1)).toBe(true);
  });

  test('reads and writes share the total', async () => {
    const { members, passed, request, advance } = setUp({ 'iops-total': 20 });
    for (let i = 0; i < 100; i++) {
      request(members[0]!, 'r', 512, 'read');
      request(members[0]!, 'w', 512, 'write');
    }
    await advance(2000);
    expect(passed.length).toBeLessThanOrEqual(44);
    expect(passed.filter((label) => label === 'w').length).toBeGreaterThan(10);
    expect(passed.filter((label) => label === 'r').length).toBeGreaterThan(10);
  });

  test('its members take turns, however much one of them wants', async () => {
    const { members, passed, request, advance } = setUp({ 'iops-total': 10 }, 3);
    for (let i = 0; i < 50; i++) request(members[0]!, 'a', 512);
    for (let i = 0; i < 5; i++) request(members[1]!, 'b', 512);
    for (let i = 0; i < 5; i++) request(members[2]!, 'c', 512);
    await advance(1500);
    const turns = passed.slice(2).join('');
    expect(turns.slice(0, 12)).toMatch(/^(abc|bca|cab){4}$/);
  });

  test('requests of one member pass in the order in which they came', async () => {
    const { members, passed, request, advance } = setUp({ 'bps-total': 1000 });
    for (let i = 0; i < 20; i++) request(members[0]!, String(i), i % 3 === 0 ? 400 : 10);
    await advance(10_000);
    expect(passed).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  });

  test('new limits hold for those who wait already', async () => {
    const { group, members, passed, request, advance } = setUp({ 'iops-total': 1 });
    for (let i = 0; i < 5; i++) request(members[0]!, String(i), 512);
    await advance(10);
    expect(passed.length).toBeLessThan(5);
    group.config = throttleConfig({});
    await advance(1);
    expect(passed).toHaveLength(5);
  });

  test('a drained member is not held back, but what it does counts', async () => {
    const { members, passed, request, advance } = setUp({ 'iops-total': 10 }, 2);
    for (let i = 0; i < 5; i++) request(members[0]!, 'a', 512);
    const resume = members[0]!.drain();
    request(members[0]!, 'a', 512);
    await advance(1);
    expect(passed).toHaveLength(6);
    resume();
    request(members[1]!, 'b', 512);
    await advance(300);
    expect(passed).not.toContain('b');
    await advance(300);
    expect(passed).toContain('b');
  });

  test('no timer is left when nobody waits', () => {
    const { clock, members, request } = setUp({ 'bps-total': 1 });
    const timers = vi.spyOn(clock, 'after');
    request(members[0]!, 'a', 512);
    request(members[0]!, 'b', 512);
    const cancelled = vi.fn();
    timers.mockImplementation(() => cancelled);
    request(members[0]!, 'c', 512);
    expect(cancelled).not.toHaveBeenCalled();
    timers.mockClear();
    members[0]!.leave();
    expect(cancelled).toHaveBeenCalledTimes(1);
    expect(timers).not.toHaveBeenCalled();
  });

  test('who leaves lets its requests go, and the others their turn', async () => {
    const { group, members, passed, request, advance } = setUp({ 'iops-total': 10 }, 2);
    for (let i = 0; i < 5; i++) request(members[0]!, 'a', 512);
    request(members[1]!, 'b', 512);
    members[0]!.leave();
    await advance(1000);
    expect(passed.filter((label) => label === 'a')).toHaveLength(5);
    expect(passed).toContain('b');
    expect(group.inUse).toBe(true);
    members[1]!.leave();
    expect(group.inUse).toBe(false);
  });
});

test('groups have names of their own', () => {
  const groups = new ThrottleGroups();
  const clock = new ManualClock();
  const group = groups.create('g', clock, throttleConfig({}));
  expect(groups.find('g')).toBe(group);
  expect(() => groups.create('g', clock, throttleConfig({}))).toThrow(
    'A group with this name already exists',
  );
  groups.remove('g');
  expect(groups.find('g')).toBeUndefined();
});

describe('limits', () => {
  test('are what was given, else what they were, else none', () => {
    const first = throttleConfig({ 'bps-total': 5, 'bps-total-max': 9, 'bps-total-max-length': 2 });
    const second = throttleLimits(throttleConfig({ 'bps-total': 6 }, first));
    expect(second).toMatchObject({ 'bps-total': 6, 'bps-total-max': 9, 'bps-total-max-length': 2 });
    expect(second).toMatchObject({ 'iops-read': 0, 'iops-read-max-length': 1, 'iops-size': 0 });
    expect(isLimited(first)).toBe(true);
    expect(isLimited(throttleConfig({}))).toBe(false);
  });

  const refused: [Record<string, number>, string][] = [
    [
      { 'bps-total': 1, 'bps-read': 1 },
      'bps/iops/max total values and read/write values cannot be used at the same time',
    ],
    [
      { 'iops-total-max': 1, 'iops-write-max': 1 },
      'bps/iops/max total values and read/write values cannot be used at the same time',
    ],
    [{ 'iops-size': 5, 'bps-total': 1 }, 'iops size requires an iops value to be set'],
    [{ 'bps-total': -1 }, 'bps/iops/max values must be within [0, 1000000000000000]'],
    [{ 'bps-total': 1e15 + 1 }, 'bps/iops/max values must be within [0, 1000000000000000]'],
    [{ 'bps-total': 5, 'bps-total-max-length': 0 }, 'the burst length cannot be 0'],
    [{ 'bps-total': 5, 'bps-total-max-length': 2 }, 'burst length set without burst rate'],
    [{ 'bps-total': 5, 'bps-total-max-length': -1 }, 'burst length set without burst rate'],
    [
      { 'bps-total': 1e10, 'bps-total-max': 1e13, 'bps-total-max-length': 1e6 },
      'burst length too high for this burst rate',
    ],
    [{ 'iops-read-max': 5 }, 'bps_max/iops_max require corresponding bps/iops values'],
    [{ 'iops-read': 9, 'iops-read-max': 5 }, 'bps_max/iops_max cannot be lower than bps/iops'],
  ];
  test.each(refused)('%o are refused', (limits, message) => {
    expect(() => checkConfig(throttleConfig(limits))).toThrow(message);
  });

  test.each([{}, { 'bps-total': 1e15 }, { 'iops-read': 5, 'iops-read-max': 5 }, { 'bps-max': 5 }])(
    '%o are taken',
    (limits) => {
      expect(() => checkConfig(throttleConfig(limits))).not.toThrow();
    },
  );
});
