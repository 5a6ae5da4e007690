/** Values that campaigns, their threads and replays agree on. */
/** Budget and seed of `--ci`. */
export const CI_COMMANDS = 3_000;
export const CI_SEED = 'ci';

/** Ids of what is looked for in a campaign beside the checks of cases. */
export const CAMPAIGN_CHECKS = [
  'data/contents',
  'data/images',
  'leak/of-memory',
  'leak/of-descriptors',
  'metamorphic/refused-left-out',
  'metamorphic/unrelated-swapped',
] as const;

/** One of them. */
export type CampaignCheck = (typeof CAMPAIGN_CHECKS)[number];
