import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LOG } from '../fuzz/campaign.ts';
import { BROKEN, CampaignFolder } from '../testing/campaign-folder.ts';
import { callMain, qmpcheck } from '../testing/command-line.ts';

const BUCKET = /^deviation error-class: /m;

/** Campaigns start many endpoints, each in a process. */
const LONG = 300_000;

const campaigns = new CampaignFolder();
afterAll(() => campaigns.remove());

// Of one answer to each program: an endpoint with images shows what the programs before left in them.
test(
  'a campaign is the same with 1, 2 and 3 workers, each in a thread of its own',
  async () => {
    for (const workers of ['1', '2', '3']) {
      const call = campaigns.args(`by${workers}`, '--target', BROKEN, '--workers', workers);
      expect((await qmpcheck(call)).code).toBe(1);
      expect(campaigns.log(`by${workers}`)).toBe(campaigns.log('by1'));
    }
  },
  LONG,
);

test(
  'killed in the middle it goes on, and ends as if it had not been',
  async () => {
    const call = (name: string) => campaigns.args(name, '--target', 'reference', '--commands', '300');
    const rounds = (): number => campaigns.log('killed').match(/"type":"round"/g)?.length ?? 0;
    const killed = await qmpcheck(call('killed'), {
      watch: (child) => {
        if (existsSync(join(campaigns.path, 'killed', LOG)) && rounds() > 0) child.kill('SIGKILL');
      },
    });
    expect(killed.code).toBe(null);
    expect(rounds()).toBe(1);
    expect((await qmpcheck(call('killed'))).code).toBe(0);
    expect(rounds()).toBeGreaterThan(1);
    expect((await qmpcheck(call('whole'))).code).toBe(0);
    expect(campaigns.log('killed')).toBe(campaigns.log('whole'));
  },
  LONG,
);

test(
  'SIGTERM ends it in order as SIGINT does',
  async () => {
    const { code, stdout, stderr, left } = await campaigns.interrupted('SIGTERM');
    expect(code).toBe(143);
    expect(stdout).toMatch(/^total: 0 crash, 0 hang, 0 deviation; \d+ programs/);
    expect(stderr).toMatch(/interrupted; with --out \S+ it goes on from here\n$/);
    expect(left).toEqual([]);
    expect((await callMain(campaigns.args('SIGTERM', '--target', 'reference'))).code).toBe(0);
  },
  LONG,
);

test(
  '--ci fails on a new bucket, and not on one that its folder knows',
  async () => {
    const ci = campaigns.args('ci', '--target', BROKEN, '--ci');
    expect((await callMain(ci)).code).toBe(1);
    const second = await callMain(ci);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(BUCKET);
  },
  LONG,
);

test(
  'its findings are written down, and then known',
  async () => {
    const yaml = join(campaigns.path, 'written.yaml');
    const first = await callMain(
      campaigns.args('written', '--target', BROKEN, '--update-expectations', yaml),
    );
    expect(first.stdout).toMatch(BUCKET);
    expect(first.code).toBe(0);
    const text = readFileSync(yaml, 'utf8');
    expect(text).toContain('- about: finding\n');
    const call = ['--target', BROKEN, '--expect', yaml, '--strict-expectations'];
    const { code, stdout } = await callMain(campaigns.args('silent', ...call));
    expect(stdout).toMatch(/^total: 0 crash, 0 hang, 0 deviation/);
    expect(code).toBe(0);
    const later = ['fuzz', '--status', join(campaigns.path, 'written'), '--update-expectations', yaml];
    expect((await callMain(later)).code).toBe(0);
    expect(readFileSync(yaml, 'utf8')).toBe(text);
  },
  LONG,
);
