/** Saboteurs of when jobs go on: waits that are not cut short, and rates over time. */
import { inside, type Saboteur } from './saboteur.ts';

export const timing: readonly Saboteur[] = [
  inside(
    'timing/higher-speed-waits',
    'block-job-set-speed',
    'lets a job wait as its old speed wants before a higher one counts',
    'jobs/job',
    ['if ((speed === 0n || speed > before) && !this.paused)', 'if (false)'],
  ),
  inside(
    'timing/cancel-waits',
    'block-job-cancel',
    'lets a job that is cancelled first wait as its speed wants',
    'jobs/job',
    ['await this.txn.abort(this);\n        else\n            this.enter();', 'await this.txn.abort(this);'],
  ),
  inside(
    'timing/overrun-forgiven',
    'block-job-set-speed',
    'lets a job go on after a tenth of a second however much it has copied',
    'jobs/rate-limit',
    ['const slices = (this.#dispatched + this.#quota - 1n) / this.#quota;', 'const slices = 1n;'],
  ),
  inside(
    'timing/lower-speed-ignored',
    'block-job-set-speed',
    'goes on as fast as before when a job is given a lower speed',
    'jobs/job',
    [
      'this.#speed = speed;\n        this.limit.speed = speed;',
      'if (speed === 0n || this.#speed === 0n || speed > this.#speed)\n            this.limit.speed = speed;\n        this.#speed = speed;',
    ],
  ),
  inside(
    'jobs/newest-limits-all',
    'block-job-set-speed',
    'keeps all jobs together to the speed of the newest',
    'jobs/job',
    [
      'this.limit = new RateLimit(services.clock);',
      'this.limit = services.clock.limit ??= new RateLimit(services.clock);',
    ],
  ),
  inside(
    'timing/commands-wait-for-jobs',
    'query-block-jobs',
    'lets busy jobs have their turns before a command for as long as they want some',
    'jobs/main-loop',
    ['turn < TURNS_BETWEEN_COMMANDS && ', 'turn < TURNS_BETWEEN_COMMANDS || '],
  ),
  inside(
    'timing/large-request-pays-a-second',
    'block_set_io_throttle',
    'counts of a large request no more than a second lets pass',
    'throttle/throttle-group',
    [
      'level.level += units;',
      'const { rate, max, burstLength } = this.#config.buckets[name];\n            level.level = Math.min(level.level + units, max * burstLength + rate);',
    ],
  ),
  inside(
    'timing/operations-beside-bytes',
    'ThrottleLimits',
    'does not limit operations where bytes are limited, too',
    'throttle/throttle-group',
    [
      'return Math.max(...CONCERNED[direction].map((name) => this.#bucketWait(name)));',
      'const [first] = CONCERNED[direction].filter((name) => this.#config.buckets[name].rate > 0);\n        return first === undefined ? 0 : this.#bucketWait(first);',
    ],
  ),
  inside(
    'limits/iops-size-zero-refused',
    'block_set_io_throttle',
    'refuses an iops_size of 0 without a limit of operations',
    'commands/block-set-io-throttle',
    [
      'const config = throttleConfig(limits);',
      "const config = throttleConfig(limits);\n    if (args.iops_size !== undefined && ![args.iops, args.iops_rd, args.iops_wr].some((rate) => Number(rate) !== 0))\n        throw new CommandError('iops size requires an iops value to be set');",
    ],
  ),
  inside(
    'limits/unknown-device-generic',
    'block_set_io_throttle',
    'refuses limits of a device that does not exist with GenericError',
    'commands/block-set-io-throttle',
    [
      'const { backend, name } = devices.drive(args.device, args.id);',
      'let found;\n    try {\n        found = devices.drive(args.device, args.id);\n    }\n    catch (error) {\n        throw new CommandError(error.message);\n    }\n    const { backend, name } = found;',
    ],
  ),
  inside(
    'limits/unknown-drive-generic',
    'block_set_io_throttle',
    'refuses a device that does not exist with GenericError',
    'commands/block-set-io-throttle',
    [
      'const { backend, name } = devices.drive(args.device, args.id);',
      'let backend, name;\n    try {\n        ({ backend, name } = devices.drive(args.device, args.id));\n    }\n    catch (error) {\n        throw new CommandError(error.message);\n    }',
    ],
  ),
];
