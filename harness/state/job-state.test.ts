import { describe, expect, test } from 'vitest';
import { readIntrospection } from '../../spec/introspection.ts';
import type { JsonObject } from '../../spec/json.ts';
import { isAnyUnderWay, isAtRest, jobId, jobsQuery, phasesOf } from './job-state.ts';

function offering(...commands: readonly string[]) {
  return readIntrospection([
    ...commands.map((name) => ({ name, 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' })),
    { name: '0', 'meta-type': 'object', members: [] },
  ]);
}

test('jobs are asked for by the query that tells of all kinds, if it is offered', () => {
  expect(jobsQuery(offering('query-block-jobs', 'query-jobs'))).toBe('query-jobs');
  expect(jobsQuery(offering('query-block-jobs'))).toBe('query-block-jobs');
  expect(jobsQuery(offering('query-block'))).toBeNull();
});

test('a job has one id, whichever query lists it', () => {
  expect([jobId({ id: 'j', type: 'backup' }), jobId({ device: 'j', type: 'backup' })]).toEqual(['j', 'j']);
});

describe('a job', () => {
  test.each<[string, JsonObject, [alone: boolean, readyToo: boolean]]>([
    ['that runs', { status: 'running' }, [false, false]],
    ['of a release without statuses', { paused: false, ready: false }, [false, false]],
    ['that is paused', { status: 'paused' }, [true, true]],
    ['that says so by a flag', { paused: true, status: 'running' }, [true, true]],
    ['that waits to be finalized', { status: 'pending' }, [true, true]],
    ['that has ended and waits to be dismissed', { status: 'concluded' }, [true, true]],
    ['that is ready', { status: 'ready' }, [false, true]],
    ['that says so by a flag, ready', { ready: true }, [false, true]],
  ])('%s', (_, job, [alone, readyToo]) => {
    expect(isAtRest(job, false)).toBe(alone);
    expect(isAtRest(job, true)).toBe(readyToo);
    expect(isAnyUnderWay([{ status: 'paused' }, job], true)).toBe(!readyToo);
  });

  test('is not under way where there is none, or nothing is known', () => {
    expect(isAnyUnderWay([], false)).toBe(false);
    expect(isAnyUnderWay(undefined, false)).toBe(false);
  });
});

test('jobs of two sides stand alike in whatever order they are listed, and however far they are', () => {
  const [a, b]: JsonObject[] = [
    { device: 'a', ready: true, paused: false, offset: 1 },
    { device: 'b', ready: false, paused: true, offset: 2 },
  ];
  expect(phasesOf([a!, b!])).toBe(phasesOf([b!, { ...a, offset: 7 }]));
  expect(phasesOf([a!])).not.toBe(phasesOf([{ ...a, ready: false }]));
  expect(phasesOf([a!])).not.toBe(phasesOf([{ ...a, paused: true }]));
  expect(phasesOf([])).toBe('');
});
