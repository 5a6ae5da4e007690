/** What both sides of a diff run: cases of the suite, programs from a seed, programs from files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SHAPES } from '../../generators/sequences/call-templates.ts';
import { decode, encode } from '../../generators/sequences/encoding.ts';
import { generate } from '../../generators/sequences/generate.ts';
import type { Program } from '../../generators/sequences/program.ts';
import { Random } from '../../generators/sequences/random.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { Schema } from '../../spec/model.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { findingsBelow, PROGRAM } from '../fuzz/findings.ts';
import { programCase } from '../fuzz/run-program.ts';
import { type FuzzGround, groundsFor } from '../fuzz/start-states.ts';
import { intersect } from '../runner/intersect.ts';
import { plan } from '../runner/plan.ts';
import { readScenario } from '../runner/replay/transcript-file.ts';
import type { Target } from '../targets/target.ts';
import type { CaseMaker, Introduced } from './lockstep-side.ts';
import { fitting } from './restrict-program.ts';
import { transcriptSubject } from './transcript-input.ts';

/** Something that both sides run. */
export interface Subject {
  /** Id of the case, `program N`, or the name of a file. */
  readonly where: string;
  readonly definition: CaseDefinition;
  readonly make: CaseMaker;
  /** Set where it is a program. */
  readonly program?: Program;
  /** Makes what has to be in a scratch folder before an endpoint starts there. */
  readonly prepare?: (scratch: string) => Promise<void>;
}

/** What spec, left and right all offer. */
export function commonSchema(left: Introduced, right: Introduced): Schema {
  return intersect(intersect(loadBlockSchema(), left.offered), right.offered);
}

export function caseSubjects(cases: readonly CaseDefinition[], patterns: readonly string[]): Subject[] {
  return plan(cases, { patterns }).map((definition) => ({
    where: definition.id,
    definition,
    make: () => ({ definition }),
  }));
}

/** Programs from a seed, of commands that both sides offer, on grounds that both can have. */
export function randomSubjects(
  count: number,
  seed: string,
  schema: Schema,
  targets: readonly Target[],
): Subject[] {
  const grounds = commonGrounds(targets);
  const commands = new Set(
    SHAPES.map(({ command }) => command).filter((command) => schema.commands.has(command)),
  );
  const world = { grounds, commands, invalid: 0, raw: 0 };
  return Array.from({ length: count }, (_, index) =>
    programSubject(
      `program ${index}`,
      fitting(generate(world, new Random(`${seed}/${index}`)), schema, grounds),
      grounds,
    ),
  );
}

/**
 * Files: programs as `encode` writes them, transcripts (`*.json`), and folders of findings. Throws `ProgramError` and
 * `ScenarioError`, and an error for a ground that only one side can have.
 */
export function fileSubjects(paths: readonly string[], targets: readonly Target[]): Subject[] {
  const grounds = commonGrounds(targets);
  return paths.flatMap(filesOf).map((path) => {
    const text = readFileSync(path, 'utf8');
    return path.endsWith('.json')
      ? transcriptSubject(path, readScenario(text))
      : programSubject(path, decode(text), grounds);
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

export function commonGrounds(targets: readonly Target[]): readonly FuzzGround[] {
  const [first, ...others] = targets.map(groundsFor);
  return first!.filter(({ name }) => others.every((grounds) => grounds.some((one) => one.name === name)));
}

/** Throws if no ground of that name is common to the sides. */
export function programSubject(where: string, program: Program, grounds: readonly FuzzGround[]): Subject {
  const ground = grounds.find(({ name }) => name === program.ground);
  if (ground === undefined) throw new Error(`${where}: no ground '${program.ground}' on both sides`);
  const definition: CaseDefinition = {
    id: where,
    title: encode(program),
    requirements: [],
    topology: ground.topology,
    run: () => Promise.reject(new Error('a program needs its session')),
  };
  return { where, definition, program, make: (session) => programCase(program, session) };
}
