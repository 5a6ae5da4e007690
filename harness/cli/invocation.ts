/** How qmpcheck was called, for reports and findings: what they tell people to run must work where it was run. */
import { basename, dirname, isAbsolute, relative, sep } from 'node:path';
import type { Invocation } from '../../reports/record.ts';
import { type TargetOptions, targetWords } from './target-option.ts';

/** Of this process. `given`: what options said of the target; `more`: other words that decide what a run shows. */
export function invocation(given: TargetOptions, more: readonly string[] = []): Invocation {
  const options = [...targetWords(given), ...more];
  return { program: programWords(process.argv[1], process.cwd(), process.env), options };
}

/**
 * The words that call `script` from `folder`. `npx` only where that finds an installed package: elsewhere it would ask the
 * public registry. A script of another name (a test, somebody's own program) stands for an installed `qmpcheck`.
 */
export function programWords(script: string | undefined, folder: string, env: NodeJS.ProcessEnv): string[] {
  if (script === undefined || basename(script) !== 'qmpcheck') return ['qmpcheck'];
  const bin = dirname(script);
  const isLocal = bin.endsWith(`node_modules${sep}.bin`) && isWithin(folder, dirname(dirname(bin)));
  if (env.npm_command === 'exec' && isLocal) return ['npx', 'qmpcheck'];
  const near = relative(folder, script);
  if (isAbsolute(near) || near.length >= script.length) return [script];
  return [near.includes(sep) ? near : `.${sep}${near}`];
}

function isWithin(folder: string, ancestor: string): boolean {
  const path = relative(ancestor, folder);
  return path === '' || !(path.startsWith('..') || isAbsolute(path));
}
