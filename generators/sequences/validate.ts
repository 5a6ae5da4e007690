/**
 * What holds for every program, also after each transformation: its ground is known, its symbols are of a known kind
 * and made by the ground or an earlier step, its monitors exist, and it ends.
 */
import { type Ground, type Program, renameSymbols, type Step } from './program.ts';
import { LETTERS, Scene, usedBy } from './resources.ts';

export const MAX_STEPS = 60;
export const MAX_SLEEP = 100;

const LETTER_SET: ReadonlySet<string> = new Set(Object.values(LETTERS));

/** Null, or the first rule that is broken and where. */
export function fault(program: Program, grounds: ReadonlyMap<string, Ground>): string | null {
  const ground = grounds.get(program.ground);
  if (ground === undefined) return `no ground '${program.ground}'`;
  if (program.steps.length > MAX_STEPS) return `more than ${MAX_STEPS} steps`;
  const scene = new Scene(ground);
  for (const [index, step] of program.steps.entries()) {
    for (const symbol of usedBy(step)) {
      if (!LETTER_SET.has(symbol[0]!)) return `step ${index}: $${symbol} is of no kind`;
      if (!scene.isMade(symbol)) return `step ${index}: $${symbol} was not made`;
    }
    if (step.kind === 'call' && step.monitor >= ground.monitors) return `step ${index}: no such monitor`;
    if (step.kind === 'sleep' && step.milliseconds > MAX_SLEEP) return `step ${index}: sleeps too long`;
    scene.add(step);
  }
  return null;
}

/**
 * Makes a program valid: what uses a symbol that nothing made uses the latest of its kind instead; a step for which
 * there is none is left out.
 */
export function repair(program: Program, ground: Ground): Program {
  const scene = new Scene(ground);
  const steps: Step[] = [];
  for (const step of program.steps.slice(0, MAX_STEPS)) {
    const mended = mend(step, scene, ground);
    if (mended === null) continue;
    steps.push(mended);
    scene.add(mended);
  }
  return { ground: ground.name, steps };
}

function mend(step: Step, scene: Scene, ground: Ground): Step | null {
  const replaced = new Map<string, string>();
  for (const symbol of usedBy(step)) {
    if (scene.isMade(symbol)) continue;
    const other = Object.entries(LETTERS).find(([, letter]) => letter === symbol[0]);
    const latest = other === undefined ? undefined : scene.made(other[0] as keyof typeof LETTERS).at(-1);
    if (latest === undefined) return null;
    replaced.set(symbol, latest);
  }
  const mended = replaced.size === 0 ? step : renameSymbols(step, (symbol) => replaced.get(symbol) ?? symbol);
  if (mended.kind === 'call' && mended.monitor >= ground.monitors) return { ...mended, monitor: 0 };
  if (mended.kind === 'sleep' && mended.milliseconds > MAX_SLEEP)
    return { ...mended, milliseconds: MAX_SLEEP };
  return mended;
}

/** The program without some steps, and without those that use what only these made. */
export function without(program: Program, ground: Ground, dropped: ReadonlySet<number>): Program {
  const scene = new Scene(ground);
  const steps: Step[] = [];
  for (const [index, step] of program.steps.entries()) {
    if (dropped.has(index) || usedBy(step).some((symbol) => !scene.isMade(symbol))) continue;
    steps.push(step);
    scene.add(step);
  }
  return { ground: program.ground, steps };
}
