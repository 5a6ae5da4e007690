/** What both sides of a diff run: cases of the suite, programs from a seed, programs from files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../generators/random.ts';
import { CALL_TEMPLATES } from '../../generators/sequences/call-templates.ts';
import { decode, encode } from '../../generators/sequences/encoding.ts';
import { generate } from '../../generators/sequences/generate.ts';
import type { Program } from '../../generators/sequences/program.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { Schema } from '../../spec/model.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { findingsBelow, PROGRAM } from '../fuzz/findings.ts';
import { programCase } from '../fuzz/run-program.ts';
import { type FuzzStartState, startStatesFor } from '../fuzz/start-states.ts';
import { intersect } from '../runner/intersect.ts';
import { plan } from '../runner/plan.ts';
import { readTranscript } from '../runner/replay/transcript-file.ts';
import type { Target } from '../targets/target.ts';
import type { IdentifiedTarget, LockstepInput } from './lockstep-side.ts';
import { restrictProgram } from './restrict-program.ts';
import { transcriptInput } from './transcript-input.ts';

/** What both sides of a diff run. */
export interface DiffInput extends LockstepInput {
  /** Id of the case, `program N`, or the name of a file. */
  readonly where: string;
  /** Set where it is a program. */
  readonly program?: Program;
}

/** What spec, left and right all offer. */
export function commonSchema(left: IdentifiedTarget, right: IdentifiedTarget): Schema {
  return intersect(intersect(loadBlockSchema(), left.endpointSchema), right.endpointSchema);
}

/** The planned cases as inputs of a diff. Throws `NoSuchCase`. */
export function caseInputs(cases: readonly CaseDefinition[], patterns: readonly string[]): DiffInput[] {
  return plan(cases, { patterns }).map((definition) => ({
    where: definition.id,
    definition,
    make: () => ({ definition }),
  }));
}

/** Programs from a seed, of commands that both sides offer, on start states that both can have. */
export function randomInputs(
  count: number,
  seed: string,
  schema: Schema,
  targets: readonly Target[],
): DiffInput[] {
  const startStates = commonStartStates(targets);
  const commands = new Set(
    CALL_TEMPLATES.map(({ command }) => command).filter((command) => schema.commands.has(command)),
  );
  const generation = { startStates, commands, invalid: 0, raw: 0 };
  return Array.from({ length: count }, (_, index) =>
    programInput(
      `program ${index}`,
      restrictProgram(generate(generation, new Random(`${seed}/${index}`)), schema, startStates),
      startStates,
    ),
  );
}

/**
 * Files: programs as `encode` writes them, transcripts (`*.json`), and folders of findings. Throws `ProgramError` and
 * `TranscriptError`, and an error for a start state that only one side can have.
 */
export function fileInputs(paths: readonly string[], targets: readonly Target[]): DiffInput[] {
  const startStates = commonStartStates(targets);
  return paths.flatMap(filesOf).map((path) => {
    const text = readFileSync(path, 'utf8');
    return path.endsWith('.json')
      ? transcriptInput(path, readTranscript(text))
      : programInput(path, decode(text), startStates);
  });
}

/** The programs of the findings below a folder, or all transcripts in it. */
function filesOf(path: string): string[] {
  const findings = findingsBelow(path);
  if (findings.length > 0) return findings.map((folder) => join(folder, PROGRAM));
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => join(path, name));
}

export function commonStartStates(targets: readonly Target[]): readonly FuzzStartState[] {
  const [first, ...others] = targets.map(startStatesFor);
  return first!.filter(({ name }) =>
    others.every((startStates) => startStates.some((one) => one.name === name)),
  );
}

/** Throws if no start state of that name is common to the sides. */
export function programInput(
  where: string,
  program: Program,
  startStates: readonly FuzzStartState[],
): DiffInput {
  const startState = startStates.find(({ name }) => name === program.startState);
  if (startState === undefined)
    throw new Error(`${where}: no start state '${program.startState}' on both sides`);
  const definition: CaseDefinition = {
    id: where,
    title: encode(program),
    requirements: [],
    topology: startState.topology,
    run: () => Promise.reject(new Error('a program needs its session')),
  };
  return { where, definition, program, make: (session) => programCase(program, session) };
}
