/** The limits of a throttle group: their members as `ThrottleLimits` names them, defaults, and what must hold. */
import { CommandError } from '../qapi/command-error.ts';

/** The six buckets, as `ThrottleLimits` begins their members' names. */
export const bucketNames = [
  'bps-total',
  'bps-read',
  'bps-write',
  'iops-total',
  'iops-read',
  'iops-write',
] as const;

export type BucketName = (typeof bucketNames)[number];

/** The same from before `ThrottleLimits`: in `BlockIOThrottle` and `BlockDeviceInfo`, and among the options of `-drive`. */
export const oldBucketNames = {
  'bps-total': 'bps',
  'bps-read': 'bps_rd',
  'bps-write': 'bps_wr',
  'iops-total': 'iops',
  'iops-read': 'iops_rd',
  'iops-write': 'iops_wr',
} as const satisfies Record<BucketName, string>;

export interface BucketConfig {
  /** A second, of bytes or requests; 0: no limit. */
  readonly rate: number;
  /** The same during a burst; 0: no bursts. */
  readonly max: number;
  /** How long a burst at `max` may last, in seconds. */
  readonly burstLength: number;
}

/** The limits of a group: bytes or requests a second, by bucket. */
export interface ThrottleConfig {
  readonly buckets: Readonly<Record<BucketName, BucketConfig>>;
  /** Longer requests count as several, in proportion; 0: every request counts as one. */
  readonly iopsSize: number;
}

const MAX_VALUE = 1e15;

/** Members of `ThrottleLimits` by name; those that are absent are taken from `base`, or mean no limit. */
export function throttleConfig(
  limits: Readonly<Record<string, number | undefined>>,
  base?: ThrottleConfig,
): ThrottleConfig {
  const bucket = (name: BucketName): [BucketName, BucketConfig] => {
    const before = base?.buckets[name];
    return [
      name,
      {
        rate: limits[name] ?? before?.rate ?? 0,
        max: limits[`${name}-max`] ?? before?.max ?? 0,
        burstLength: limits[`${name}-max-length`] ?? before?.burstLength ?? 1,
      },
    ];
  };
  return {
    buckets: Object.fromEntries(bucketNames.map(bucket)) as Record<BucketName, BucketConfig>,
    iopsSize: limits['iops-size'] ?? base?.iopsSize ?? 0,
  };
}

/** All members of `ThrottleLimits`. */
export function throttleLimits({ buckets, iopsSize }: ThrottleConfig): Record<string, number> {
  const limits: Record<string, number> = { 'iops-size': iopsSize };
  for (const name of bucketNames) {
    const { rate, max, burstLength } = buckets[name];
    Object.assign(limits, { [name]: rate, [`${name}-max`]: max, [`${name}-max-length`]: burstLength });
  }
  return limits;
}

/** Something is limited. */
export function isLimited({ buckets }: ThrottleConfig): boolean {
  return bucketNames.some((name) => buckets[name].rate > 0);
}

/** Throws `CommandError` for limits that contradict each other or exceed what can be counted. */
export function checkConfig({ buckets, iopsSize }: ThrottleConfig): void {
  for (const kind of ['bps', 'iops'] as const)
    for (const value of ['rate', 'max'] as const)
      if (
        buckets[`${kind}-total`][value] &&
        (buckets[`${kind}-read`][value] || buckets[`${kind}-write`][value])
      )
        throw new CommandError(
          'bps/iops/max total values and read/write values cannot be used at the same time',
        );
  if (iopsSize && !['iops-total', 'iops-read', 'iops-write'].some((name) => buckets[name as BucketName].rate))
    throw new CommandError('iops size requires an iops value to be set');
  for (const name of bucketNames) checkBucket(buckets[name]);
}

function checkBucket({ rate, max, burstLength }: BucketConfig): void {
  if ([rate, max].some((value) => value < 0 || value > MAX_VALUE))
    throw new CommandError(`bps/iops/max values must be within [0, ${MAX_VALUE}]`);
  if (burstLength === 0) throw new CommandError('the burst length cannot be 0');
  // Negative lengths are long ones, without a sign.
  if (burstLength !== 1 && max === 0) throw new CommandError('burst length set without burst rate');
  if (max > 0 && (burstLength < 0 || burstLength > MAX_VALUE / max))
    throw new CommandError('burst length too high for this burst rate');
  if (max > 0 && rate === 0) throw new CommandError('bps_max/iops_max require corresponding bps/iops values');
  if (max > 0 && max < rate) throw new CommandError('bps_max/iops_max cannot be lower than bps/iops');
}
