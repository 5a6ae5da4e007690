import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { Services } from '../services/services.ts';
import { testServices } from '../testing/test-services.ts';
import { createObject } from './create-object.ts';

let folder: string;
let services: Services;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-objects-'));
  await writeFile(join(folder, 'secret'), 'c2VzYW1l');
  services = testServices(folder);
});

afterEach(() => rm(folder, { recursive: true }));

const create = (type: string, id: string, props: JsonObject = {}) => createObject(services, type, id, props);

test.each<[JsonObject, string]>([
  [{ data: 'sesame' }, 'sesame'],
  [{ data: 'c2VzYW1l', format: 'base64' }, 'sesame'],
  [{ file: 'secret' }, 'c2VzYW1l'],
  [{ file: 'secret', format: 'base64' }, 'sesame'],
])('the secret %j', (props, data) => {
  create('secret', 's', props);
  expect(services.objects.secret('s').toString()).toBe(data);
});

test('no secret, or none of a secret', () => {
  create('iothread', 'io');
  expect(() => services.objects.secret('x')).toThrow("No secret with id 'x'");
  expect(() => services.objects.secret('io')).toThrow("Object with id 'io' is not a secret");
});

describe('refused, and nothing is made', () => {
  test.each<[string, string, JsonObject, string]>([
    ['nope', 'o', {}, 'invalid object type: nope'],
    ['iothread', '1', {}, "Parameter 'id' expects an identifier"],
    ['iothread', 'taken', {}, "attempt to add duplicate property 'taken' to object (type 'container')"],
    ['iothread', 'o', { colour: 1 }, "Property '.colour' not found"],
    ['iothread', 'o', { 'poll-max-ns': -1 }, 'poll-max-ns value must be in range'],
    ['iothread', 'o', { 'poll-max-ns': 'x' }, "Invalid parameter type for 'poll-max-ns', expected: integer"],
    ['secret', 'o', {}, "Must provide 'file' or 'data'"],
    ['secret', 'o', { data: 'a', file: 'b' }, "'file' and 'data' are mutually exclusive"],
    ['throttle-group', 'o', { limits: { nope: 1 } }, "Parameter 'limits.nope' is unexpected"],
    ['throttle-group', 'o', { 'x-iops-total': 1, 'x-iops-read': 1 }, 'cannot be used at the same time'],
    ['throttle-group', 'o', { colour: 1 }, "Property '.colour' not found"],
  ])('%s %s %j', (type, id, props, message) => {
    create('iothread', 'taken');
    expect(() => create(type, id, props)).toThrow(message);
    expect(services.objects.find('o')).toBeUndefined();
    expect(services.objects.throttleGroups.find('o')).toBeUndefined();
  });
});

test('what is in use is not deleted', () => {
  create('throttle-group', 'g', { limits: { 'iops-total': 1 } });
  const member = services.objects.throttleGroups.find('g')!.join();
  expect(() => services.objects.remove('g')).toThrow("object 'g' is in use, can not be deleted");
  member.leave();
  services.objects.remove('g');
  expect(() => services.objects.remove('g')).toThrow("object 'g' not found");
});
