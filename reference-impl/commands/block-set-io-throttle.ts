/** `block_set_io_throttle`: limits the requests of a drive, and of the drives that share its group. */
import { bucketNames, checkConfig, oldBucketNames, throttleConfig } from '../throttle/throttle-config.ts';
import { CommandError, type Handler } from './handler.ts';

export const blockSetIoThrottle: Handler<'block_set_io_throttle'> = (args, { devices }) => {
  const { backend, name } = devices.drive(args.device, args.id);
  if (!backend.node) throw new CommandError('Device has no medium');

  const limits: Record<string, number | undefined> = { 'iops-size': optionalNumber(args.iops_size) };
  for (const bucket of bucketNames) {
    const argument = oldBucketNames[bucket];
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
