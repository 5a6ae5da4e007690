/**
 * What holds for every program, also after each transformation: its start state is known, its symbols are of a known kind
 * and made by the start state or an earlier step, its monitors exist, and it ends.
 */
import { type Program, renameSymbols, type StartState, type Step } from './program.ts';
import { LETTERS, ProgramState, usedBy } from './resources.ts';

export const MAX_STEPS = 60;
export const MAX_SLEEP = 100;

const LETTER_SET: ReadonlySet<string> = new Set(Object.values(LETTERS));

/** Null, or the first rule that is broken and where. */
export function fault(program: Program, startStates: ReadonlyMap<string, StartState>): string | null {
  const startState = startStates.get(program.startState);
  if (startState === undefined) return `no start state '${program.startState}'`;
  if (program.steps.length > MAX_STEPS) return `more than ${MAX_STEPS} steps`;
  const programState = new ProgramState(startState);
  for (const [index, step] of program.steps.entries()) {
    for (const symbol of usedBy(step)) {
      if (!LETTER_SET.has(symbol[0]!)) return `step ${index}: $${symbol} is of no kind`;
      if (!programState.isMade(symbol)) return `step ${index}: $${symbol} was not made`;
    }
    if (step.kind === 'call' && step.monitor >= startState.monitors) return `step ${index}: no such monitor`;
    if (step.kind === 'sleep' && step.milliseconds > MAX_SLEEP) return `step ${index}: sleeps too long`;
    programState.add(step);
  }
  return null;
}

/**
 * Makes a program valid: what uses a symbol that nothing made uses the latest of its kind instead; a step for which
 * there is none is left out.
 */
export function repair(program: Program, startState: StartState): Program {
  const programState = new ProgramState(startState);
  const steps: Step[] = [];
  for (const step of program.steps.slice(0, MAX_STEPS)) {
    const mended = mend(step, programState, startState);
    if (mended === null) continue;
    steps.push(mended);
    programState.add(mended);
  }
  return { startState: startState.name, steps };
}

function mend(step: Step, programState: ProgramState, startState: StartState): Step | null {
  const replaced = new Map<string, string>();
  for (const symbol of usedBy(step)) {
    if (programState.isMade(symbol)) continue;
    const other = Object.entries(LETTERS).find(([, letter]) => letter === symbol[0]);
    const latest =
      other === undefined ? undefined : programState.made(other[0] as keyof typeof LETTERS).at(-1);
    if (latest === undefined) return null;
    replaced.set(symbol, latest);
  }
  const mended = replaced.size === 0 ? step : renameSymbols(step, (symbol) => replaced.get(symbol) ?? symbol);
  if (mended.kind === 'call' && mended.monitor >= startState.monitors) return { ...mended, monitor: 0 };
  if (mended.kind === 'sleep' && mended.milliseconds > MAX_SLEEP)
    return { ...mended, milliseconds: MAX_SLEEP };
  return mended;
}

/** The program without some steps, and without those that use what only these made. */
export function without(program: Program, startState: StartState, dropped: ReadonlySet<number>): Program {
  const programState = new ProgramState(startState);
  const steps: Step[] = [];
  for (const [index, step] of program.steps.entries()) {
    if (dropped.has(index) || usedBy(step).some((symbol) => !programState.isMade(symbol))) continue;
    steps.push(step);
    programState.add(step);
  }
  return { startState: program.startState, steps };
}
