import { afterAll, beforeAll, expect, test } from 'vitest';
import { ModelCampaigns, planted } from '../testing/model-campaigns.ts';
import { passed, selftest } from '../testing/selftest/selftest.ts';

let campaigns: ModelCampaigns;
beforeAll(async () => {
  campaigns = await ModelCampaigns.open();
});
afterAll(() => campaigns.close());

test.each(['empty', 'chain'])('says nothing of an endpoint that is as it should be: %s', (startState) =>
  campaigns.expectSound(startState, 2_500, 20),
);

test.each([
  'third identical call',
  'resize to nothing',
  'stream drops a cluster',
  'completed mirror lacks its last cluster',
  'backup into a smaller node',
  'event without its data',
])('finds, shrinks and replays a planted defect: %s', async (name) => {
  const result = await selftest(planted(name), 'selftest', 6_000);
  expect(passed(result), JSON.stringify(result)).toBe(true);
});
