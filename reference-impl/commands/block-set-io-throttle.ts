/** `block_set_io_throttle`: limits the requests of a drive, and of the drives that share its group. */
import type { BlockIOThrottle } from '../../spec/generated/qmp.ts';
import { type BucketName, checkConfig, throttleConfig } from '../throttle/throttle-config.ts';
import { CommandError, type Handler } from './handler.ts';

/** Arguments, and the limits that they are. */
const BUCKETS = [
  ['bps', 'bps-total'],
  ['bps_rd', 'bps-read'],
  ['bps_wr', 'bps-write'],
  ['iops', 'iops-total'],
  ['iops_rd', 'iops-read'],
  ['iops_wr', 'iops-write'],
] as const satisfies readonly (readonly [keyof BlockIOThrottle, BucketName])[];

export const blockSetIoThrottle: Handler<'block_set_io_throttle'> = (args, { devices }) => {
  const { backend, name } = devices.drive(args.device, args.id);
  if (!backend.node) throw new CommandError('Device has no medium');

  const limits: Record<string, number | undefined> = { 'iops-size': optionalNumber(args.iops_size) };
  for (const [argument, bucket] of BUCKETS) {
    limits[bucket] = Number(args[argument]);
    limits[`${bucket}-max`] = optionalNumber(args[`${argument}_max`]);
    limits[`${bucket}-max-length`] = optionalNumber(args[`${argument}_max_length`]);
  }
  const config = throttleConfig(limits);
  checkConfig(config);
  backend.setLimits(config, args.group, name);
  return {};
};

function optionalNumber(value: number | bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
