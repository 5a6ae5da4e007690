/** Values that campaigns, their threads and replays agree on. */

/** Milliseconds after which an endpoint that does not answer hangs. */
export const DEFAULT_HANG_MS = 3_000;

/** Budget and seed of `--ci`. */
export const CI_COMMANDS = 3_000;
export const CI_SEED = 'ci';
