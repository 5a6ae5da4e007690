/** `block_set_io_throttle`: limits the requests of a drive, and of the drives that share its group. */
import { guestDevice } from '../devices/guest-device.ts';
import { type BucketName, checkConfig, throttleConfig } from '../throttle/throttle-config.ts';
import { CommandError, type Handler } from './handler.ts';

/** Arguments, and the limits that they are. */
const BUCKETS: Readonly<Record<string, BucketName>> = {
  bps: 'bps-total',
  bps_rd: 'bps-read',
  bps_wr: 'bps-write',
  iops: 'iops-total',
  iops_rd: 'iops-read',
  iops_wr: 'iops-write',
};

export const blockSetIoThrottle: Handler = (args, { block, objects }) => {
  const { device, id, group } = args as Record<string, string | undefined>;
  if ((device === undefined) === (id === undefined))
    throw new CommandError("Need exactly one of 'device' and 'id'");
  if (device === undefined) guestDevice(id!, objects);
  const backend = block.backends.find(device);
  if (!backend) throw new CommandError(`Device '${device}' not found`, 'DeviceNotFound');
  if (!backend.node) throw new CommandError('Device has no medium');

  const number = (name: string) => (args[name] === undefined ? undefined : Number(args[name]));
  const limits: Record<string, number | undefined> = { 'iops-size': number('iops_size') };
  for (const [argument, bucket] of Object.entries(BUCKETS)) {
    limits[bucket] = number(argument);
    limits[`${bucket}-max`] = number(`${argument}_max`);
    limits[`${bucket}-max-length`] = number(`${argument}_max_length`);
  }
  const config = throttleConfig(limits);
  checkConfig(config);
  backend.setLimits(config, group);
  return {};
};
