/**
 * The scripts of `docs/findings-qemu-7.2.md`, each run by itself in an empty folder on the version that they are of:
 * do they still end as the tables say?
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { packageRoot } from '../../spec/package-root.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';

const page = readFileSync(new URL('docs/findings-qemu-7.2.md', packageRoot()), 'utf8');

const VERSION = '7.2';
/** Further runs of one that does not show every time. */
const MORE_RUNS = 7;
/** Milliseconds after which a script is ended whose endpoint should have ended it. */
const PATIENCE_MS = 20_000;
const LONG = (MORE_RUNS + 2) * PATIENCE_MS;

/** A shell tells signals so. */
const STATUS: Readonly<Record<string, number>> = { SIGABRT: 128 + 6, SIGFPE: 128 + 8, SIGSEGV: 128 + 11 };
/** What `qemu-io` says of contents that are lost, of an image that is marked corrupt, of a socket in its place. */
const LOST =
  /Pattern verification failed|Image is corrupt; cannot be opened read\/write|No such device or address/;

interface Published {
  readonly id: string;
  readonly title: string;
  /** As the table has it: `crash, SIGABRT`, `hang`; what is lost, of one without an end. */
  readonly end: string;
  readonly always: boolean;
  readonly script: string;
}

interface Run {
  readonly status: number | null;
  readonly output: string;
}

const rows = [...page.matchAll(/^\| (\d+|[A-Z]) \| (.*?) \| (.*?) \| \d+ \| (\d)\/(\d) \|/gm)];
const published: Published[] = rows.map(([, id, title, end, held, runs]) => ({
  id: id!,
  title: title!,
  end: end!,
  always: held === runs,
  script: scriptOf(id!, title!),
}));

function scriptOf(id: string, title: string): string {
  const section = page.split(`\n## ${id}. ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  return /```sh\n(.*?)```/s.exec(section)?.[1] ?? '';
}

test('every row of the tables has a section of its title with a script', () => {
  expect(rows.length).toBeGreaterThan(10);
  expect(published.filter(({ script }) => script === '')).toEqual([]);
  expect(page.match(/^## /gm)).toHaveLength(rows.length);
});

const isHang = ({ end }: Published): boolean => end === 'hang';

describe('the script of', () => {
  // Those that end by patience alone, and before the others, are waited for at once.
  const ordered = [...published.filter(isHang), ...published.filter((one) => !isHang(one))];
  for (const { id, title, end, always, script } of ordered) {
    const add = end === 'hang' ? test.concurrent : test;
    add(
      `${id}: ${title}`,
      async (context) => {
        onThatVersion(context);
        let run = await inEmptyFolder(script);
        for (let left = always ? 0 : MORE_RUNS; left > 0 && !endsAs(end, run); left -= 1)
          run = await inEmptyFolder(script);
        expect(endsAs(end, run), JSON.stringify(run)).toBe(true);
      },
      LONG,
    );
  }
});

function onThatVersion(context: TestContext): void {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon', 'qemu-img', 'qemu-io', 'timeout'));
  const { stdout } = spawnSync('qemu-storage-daemon', ['--version'], { encoding: 'utf8' });
  const version = /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  if (!version.startsWith(VERSION)) context.skip(`of QEMU ${VERSION}, and here is ${version}`);
}

function endsAs(end: string, { status, output }: Run): boolean {
  if (end.startsWith('crash, ')) return status === STATUS[end.slice('crash, '.length)];
  // The greeting is there, and what was asked last has no answer.
  if (end === 'hang') return output.includes('{"QMP"') && !output.includes('{"return": {"qemu"');
  return LOST.test(output);
}

/** With all that it has started: an endpoint does not end with its input. */
async function inEmptyFolder(script: string): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-published-'));
  const child = spawn('sh', ['-c', script], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endAll = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All have ended.
    }
  };
  const timer = setTimeout(endAll, PATIENCE_MS);
  try {
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { status, output };
  } finally {
    clearTimeout(timer);
    endAll();
    await rm(folder, { recursive: true, force: true });
  }
}
