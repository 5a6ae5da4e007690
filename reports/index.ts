/** The report formats, by the name that `--reporter` takes. A new format is one file and one line here. */
import { html } from './html.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import type { ReporterFactory } from './reporter.ts';
import { sarif } from './sarif.ts';
import { spec } from './spec.ts';
import { tap } from './tap.ts';

/** All reporters by the name that `--reporter` takes. */
export const reporters = { tap, spec, json, junit, html, markdown, sarif } as const satisfies Record<
  string,
  ReporterFactory
>;

export type ReporterName = keyof typeof reporters;
