/**
 * A static site of many runs: an overview of all endpoints and versions side by side, with their trends; a page for each
 * with everything about it; badges. Of several runs of one endpoint and version the last counts; the others are its past.
 */
import { nameOf, versionText } from '../../outcome.ts';
import type { RunRecord } from '../../record.ts';
import { buildReport, type Comparisons } from '../build.ts';
import { jsonReport } from '../compat-json.ts';
import { htmlPage } from '../html/page.ts';
import { badgeJson, badgeSvg } from './badge-files.ts';
import { sitePage } from './site-page.ts';
import { trendSection } from './trend.ts';

/** A file of a site, its path relative to the site's folder. */
export interface SiteFile {
  readonly path: string;
  readonly text: string;
}

/** An endpoint in one version. */
export interface SiteEndpoint {
  /** File names are made of it: letters, digits, dots and dashes. */
  readonly slug: string;
  readonly name: string;
  /** The last. */
  readonly record: RunRecord;
  /** All runs of that name, of other versions too, the first first. */
  readonly runs: readonly RunRecord[];
}

/** All files. The order is that of the names, then that of the runs. */
export function siteFiles(records: readonly RunRecord[], versions: Comparisons['versions'] = []): SiteFile[] {
  const endpoints = siteEndpoints(records);
  const report = buildReport(
    endpoints.map(({ record }) => record),
    { versions },
  );
  return [
    { path: 'index.html', text: sitePage(report, endpoints) },
    { path: 'report.json', text: jsonReport(report) },
    ...endpoints.flatMap((one) => [
      { path: pageOf(one), text: endpointPage(one, versions) },
      { path: `badges/${one.slug}.svg`, text: badgeSvg(one) },
      { path: `badges/${one.slug}.json`, text: badgeJson(one) },
    ]),
  ];
}

/** The page of an endpoint, from the site's folder. */
export function pageOf({ slug }: SiteEndpoint): string {
  return `endpoints/${slug}.html`;
}

function endpointPage(one: SiteEndpoint, versions: Comparisons['versions']): string {
  const { record, runs } = one;
  const before = runs[runs.indexOf(record) - 1];
  const since = before === undefined ? {} : { since: [before] };
  return htmlPage(buildReport([record], { ...since, ...(versions && { versions }) }), {
    nav: [['../index.html', 'All endpoints']],
    afterOverview: trendSection([one], '../'),
  });
}

/** Endpoints with their versions apart. */
export function siteEndpoints(records: readonly RunRecord[]): SiteEndpoint[] {
  const byTime = records.toSorted((a, b) => compare(a.startedAt, b.startedAt));
  const names = groupBy(byTime, ({ endpoint }) => nameOf(endpoint));
  const slugs = new Set<string>();
  return [...names.keys()].toSorted(compare).flatMap((name) => {
    const runs = names.get(name)!;
    const versions = groupBy(runs, ({ endpoint }) => versionText(endpoint) ?? '');
    return [...versions].map(([version, of]) => ({
      slug: slugOf(`${name} ${version}`, slugs),
      name,
      record: of.at(-1)!,
      runs,
    }));
  });
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Unlike all of `taken`, to which it is added. */
function slugOf(text: string, taken: Set<string>): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .slice(0, 80)
    .replace(/^[-.]+|[-.]+$/g, '');
  const base = plain === '' ? 'endpoint' : plain;
  let slug = base;
  for (let number = 2; taken.has(slug); number += 1) slug = `${base}-${number}`;
  taken.add(slug);
  return slug;
}
