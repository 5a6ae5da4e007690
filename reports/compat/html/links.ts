/** Where links to cases lead: to the page itself, or from a site's overview to the page of an endpoint. */
import { caseAnchor, hrefOf } from './markup.ts';

/** `endpoint` is the index of one whose page is meant; a page of all takes any. */
export interface CaseLinks {
  /** To one case. */
  toCase(id: string, endpoint: number): string;
  /** To the list of cases, filtered: `q` words, `o` a status. */
  toCases(filter: { readonly q?: string; readonly o?: string }, endpoint: number): string;
}

/** On the page itself, which holds all endpoints. */
export const ON_PAGE: CaseLinks = {
  toCase: (id) => hrefOf(caseAnchor(id)),
  toCases: (filter, endpoint) => `#cases?${query({ e: String(endpoint), ...filter })}`,
};

/** On pages that each hold one endpoint; `pages` gives their files. */
export function onPages(pages: readonly string[]): CaseLinks {
  return {
    toCase: (id, endpoint) => `${pages[endpoint]}${hrefOf(caseAnchor(id))}`,
    toCases: (filter, endpoint) => `${pages[endpoint]}#cases?${query(filter)}`,
  };
}

function query(filter: Readonly<Record<string, string>>): string {
  return Object.entries(filter)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}
