import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { Services } from '../services/services.ts';
import { testServices } from '../testing/test-services.ts';
import { throttleConfig, throttleLimits } from '../throttle/throttle-config.ts';
import { createObject } from './create-object.ts';

describe('throttle-group objects', () => {
  let services: Services;

  beforeEach(() => {
    services = testServices('/');
  });

  const create = (props: JsonObject) => createObject(services, 'throttle-group', 'g', props);
  const limits = () => throttleLimits(services.objects.throttleGroups.find('g')!.config);

  test('have the limits of either form, the nested ones first', () => {
    create({ 'x-bps-total': '1000', 'x-iops-read': '5', limits: { 'bps-total': 2000 } });
    expect(limits()).toMatchObject({ 'bps-total': 2000, 'iops-read': 5, 'iops-read-max-length': 1 });
  });

  test('are in use as long as they have members, and take their group with them', () => {
    create({});
    const member = services.objects.throttleGroups.find('g')!.join();
    expect(() => services.objects.remove('g')).toThrow("object 'g' is in use, can not be deleted");
    member.leave();
    services.objects.remove('g');
    expect(services.objects.throttleGroups.find('g')).toBeUndefined();
    create({});
  });

  const refused: [JsonObject, string][] = [
    [{ 'x-bps-total': -1 }, 'Property values cannot be negative'],
    [{ 'x-iops-size': -1 }, 'Property values cannot be negative'],
    [{ 'x-bps-total-max-length': 0 }, 'the burst length cannot be 0'],
    [{ limits: { 'bps-total-max-length': 5 } }, 'burst length set without burst rate'],
    [{ limits: { 'iops-size': -1 } }, 'iops size requires an iops value to be set'],
    [
      { limits: { 'bps-total-max-length': 2 ** 32 } },
      'bps-total-max-length value must be in the range [0, 4294967295]',
    ],
    [{ limits: { nope: 1 } }, "Parameter 'limits.nope' is unexpected"],
    [{ nope: 1 }, "Property '.nope' not found"],
  ];
  test.each(refused)('%o are refused, and nothing stays', (props, message) => {
    expect(() => create(props)).toThrow(message);
    expect(services.objects.find('g')).toBeUndefined();
    expect(services.objects.throttleGroups.find('g')).toBeUndefined();
  });

  test('cannot have the name of a group that a drive made', () => {
    services.objects.throttleGroups.create('g', services.clock, throttleConfig({}));
    expect(() => create({})).toThrow('A group with this name already exists');
  });

  test('cannot have the id of another object', () => {
    create({});
    expect(() => create({})).toThrow("attempt to add duplicate property 'g' to object (type 'container')");
  });
});
