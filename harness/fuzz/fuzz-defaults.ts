/** Values that campaigns, their threads and replays agree on. */
/** Budget and seed of `--ci`. */
export const CI_COMMANDS = 3_000;
export const CI_SEED = 'ci';
