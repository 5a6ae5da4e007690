/** What rests, what goes and what is waited for while nodes are drained. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { JobFixture } from '../testing/job-fixture.ts';
import { throttleConfig } from '../throttle/throttle-config.ts';
import { drainRequests } from './drained-section.ts';

const SIZE = 64 << 20;
const LATENCY_NS = 1_000_000;

let fixture: JobFixture;

beforeEach(async () => {
  fixture = new JobFixture();
  const { throttleGroups } = fixture.endpoint.objects;
  throttleGroups.create('g', fixture.clock, throttleConfig({ 'bps-write': 1 }));
  const add = (name: string, options: JsonObject) =>
    fixture.run('blockdev-add', { 'node-name': name, ...options });
  for (const name of ['source', 'target', 'disk']) await add(name, { driver: 'null-co', size: SIZE });
  await add('slow', { driver: 'null-co', size: SIZE, 'latency-ns': LATENCY_NS });
  await add('limited', { driver: 'throttle', 'throttle-group': 'g', file: 'disk' });
  await add('top', { driver: 'raw', file: 'limited' });
});

afterEach(() => fixture.close());

const begin = (...names: string[]) =>
  fixture.endpoint.block.graph.drainedBegin(names.map((name) => fixture.node(name)));

function watched(work: Promise<unknown>): { done: boolean } {
  const state = { done: false };
  void work.then(() => {
    state.done = true;
  });
  return state;
}

const write = (name: string) => watched(fixture.node(name).io.write(0, new Uint8Array(512).fill(1)));

describe('a job', () => {
  const job = () => fixture.endpoint.jobs.find('j').describe();

  beforeEach(async () => {
    await fixture.run('blockdev-mirror', {
      'job-id': 'j',
      device: 'source',
      target: 'target',
      sync: 'full',
    });
    expect(job()).toMatchObject({ status: 'running' });
  });

  test.each(['source', 'target'])('of the drained %s rests until the section ends', async (drained) => {
    const end = await begin(drained);
    const { offset } = job();
    expect(job()).toMatchObject({ paused: true, busy: false });
    await fixture.idle();
    expect(job()).toMatchObject({ paused: true, busy: false, offset });
    await end();
    await fixture.idle();
    expect(job()).toMatchObject({ status: 'ready', offset: SIZE });
  });

  test('on any node rests while all are drained', async () => {
    const end = await fixture.endpoint.block.graph.drainedBegin();
    expect(job()).toMatchObject({ paused: true, busy: false });
    await end();
  });

  test('elsewhere goes on', async () => {
    const end = await begin('slow');
    expect(job()).toMatchObject({ paused: false });
    await end();
  });

  test('rests until the last of several sections ends', async () => {
    const outer = await begin('source');
    const inner = await begin('target');
    await inner();
    await fixture.idle();
    expect(job()).toMatchObject({ status: 'paused' });
    await outer();
    await fixture.idle();
    expect(job()).toMatchObject({ status: 'ready' });
  });
});

describe('a throttled request', () => {
  test.each(['disk', 'limited', 'top'])('goes where %s is drained', async (drained) => {
    await fixture.node('limited').io.write(0, new Uint8Array(512).fill(1));
    const held = write('top');
    await fixture.idle();
    expect(held.done).toBe(false);
    const end = await begin(drained);
    await fixture.idle();
    expect(held.done).toBe(true);
    await end();
  });

  test('of a job goes first, for the job to rest', async () => {
    await fixture.run('blockdev-backup', {
      'job-id': 'j',
      device: 'source',
      target: 'limited',
      sync: 'full',
    });
    await fixture.idle();
    const job = () => fixture.endpoint.jobs.find('j').describe();
    expect(job()).toMatchObject({ busy: true });
    const begun = watched(begin('limited'));
    await fixture.idle();
    expect(begun.done).toBe(true);
    expect(job()).toMatchObject({ paused: true, busy: false });
    await fixture.run('block-job-cancel', { device: 'j', force: true });
    await fixture.idle();
    expect(fixture.told('BLOCK_JOB_CANCELLED')).toHaveLength(1);
  });

  test('is held back again once the requests of its node were waited for', async () => {
    await fixture.node('limited').io.write(0, new Uint8Array(512).fill(1));
    const held = write('top');
    await drainRequests([fixture.node('limited')]);
    await fixture.idle();
    expect(held.done).toBe(true);
    const after = write('limited');
    await fixture.idle();
    expect(after.done).toBe(false);
  });

  test('is not held back until the last section ends', async () => {
    await fixture.node('limited').io.write(0, new Uint8Array(512).fill(1));
    const outer = await begin('limited');
    await (await begin('limited'))();
    const during = write('limited');
    await fixture.idle();
    expect(during.done).toBe(true);
    await outer();
    const after = write('limited');
    await fixture.idle();
    expect(after.done).toBe(false);
  });
});

describe('a request', () => {
  test('in flight is waited for', async () => {
    const inFlight = watched(fixture.node('slow').io.read(0, new Uint8Array(512)));
    const begun = watched(begin('slow'));
    await fixture.idle();
    expect([inFlight.done, begun.done]).toEqual([false, false]);
    fixture.clock.advance(BigInt(LATENCY_NS));
    await fixture.idle();
    expect([inFlight.done, begun.done]).toEqual([true, true]);
  });

  test('that comes meanwhile is served', async () => {
    const end = await begin('disk');
    const meanwhile = write('disk');
    await fixture.idle();
    expect(meanwhile.done).toBe(true);
    await end();
  });

  test('that comes while a serialising one is in flight waits for it', async () => {
    let finish = () => {};
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const serialising = fixture.node('disk').runSerialising(() => work);
    const later = write('disk');
    await fixture.idle();
    expect(later.done).toBe(false);
    finish();
    await serialising;
    await fixture.idle();
    expect(later.done).toBe(true);
  });
});
