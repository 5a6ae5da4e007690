/**
 * The stack of a crash: the program runs again on an endpoint under gdb, which needs no rights for a child of its own and no
 * settings for core files. Whatever is not there (gdb, a process of its own, symbols) means that there is no stack.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../../generators/sequences/program.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import { missingProgram } from '../targets/find-program.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import { ProgramExecutor } from './program-executor.ts';

/** A frame a line, the innermost first: `FUNCTION at FILE:LINE`. Null where it cannot be had. Never rejects. */
export type StackTaker = (program: Program) => Promise<readonly string[] | null>;

const GDB = 'gdb';
/** Reading the symbols of a large endpoint takes its time. */
const START_MS = 60_000;
const MOST_FRAMES = 40;
/** Functions of the endpoint by which two crashes are told apart. */
const TOP_FRAMES = 3;

/** What ends a process on purpose: it is of interest who called it. */
const ENDING = /^(_|raise|abort|gsignal|pthread_kill|g_assertion_message|g_abort|g_log|error_exit)/;

/** Takes stacks on the target of a campaign, one at a time. */
export function stackTaker(config: FuzzConfig, area: ScratchArea): StackTaker {
  return async (program) => {
    if (!config.target.capabilities.owned || (await missingProgram(GDB)) !== null) return null;
    const folder = await area.make('stack');
    const log = join(folder, 'gdb.log');
    const { target, limits } = config;
    const executor = new ProgramExecutor(
      {
        ...config,
        limits: { ...limits, startTimeout: START_MS },
        target: { ...target, start: (request) => target.start({ ...request, under: gdb(log) }) },
      },
      area,
    );
    try {
      await executor.run(program, true);
    } catch {
      // One that does not start under gdb has no stack.
    } finally {
      await executor.stop();
    }
    const text = await readFile(log, 'utf8').catch(() => '');
    await rm(folder, { recursive: true, force: true });
    return framesIn(text);
  };
}

/** gdb talks into a file: standard output may be the endpoint's monitor. */
function gdb(log: string): string[] {
  const commands = [
    `set logging file ${log}`,
    'set logging redirect on',
    'set logging enabled on',
    'set debuginfod enabled off',
    'set disable-randomization off',
    'handle all nostop noprint pass',
    'handle SIGSEGV SIGABRT SIGBUS SIGFPE SIGILL SIGSYS SIGTRAP stop',
    'run',
    `backtrace ${MOST_FRAMES}`,
    'kill',
  ];
  return [GDB, '-q', '-nx', '-batch', ...commands.flatMap((command) => ['-ex', command]), '--args'];
}

/** Null unless some frame is known by name and is no library's. */
export function framesIn(text: string): string[] | null {
  const frames = [...text.matchAll(/^#\d+ +(?:0x[0-9a-f]+ in )?(.+?) \(.*\)(?: (at|from) (.+))?$/gm)]
    .filter(([, name]) => name !== '??')
    .map(([, name, how, where]) => (how === undefined ? name! : `${name} ${how} ${where}`));
  return frames.some((frame) => !frame.includes(' from ')) ? frames : null;
}

/** The functions of the endpoint in which it ended: the same for what has the same cause. */
export function topOf(frames: readonly string[]): string {
  const own = frames.filter((frame) => !frame.includes(' from ') && !ENDING.test(frame));
  return own
    .slice(0, TOP_FRAMES)
    .map((frame) => frame.split(' at ')[0])
    .join(' < ');
}
