/** A real browser for tests of reports: Debian's Chromium, driven by playwright-core. */
import type { Browser } from 'playwright-core';
import { engine } from './engines.ts';

const path = engine('chromium');

/** Null if Chromium can be started here, else why not. */
export const chromiumUnavailable = path === null ? 'chromium: not found in PATH' : null;

export async function startChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: path!, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
}
