/** Before a campaign: who is the endpoint, what does it offer, on which start states does it start. */

import { CALL_TEMPLATES } from '../../generators/sequences/call-templates.ts';
import type { GenerationConfig } from '../../generators/sequences/generate.ts';
import { schemaSource, sourcedCommands } from '../../generators/sequences/schema-source.ts';
import { type NormaliseText, textNormaliser, vocabulary } from '../../reports/normalise-text.ts';
import type { EndpointIdentity } from '../../reports/record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { offersData } from '../contents/nbd-access.ts';
import { Session } from '../runner/endpoint-session.ts';
import { intersect } from '../runner/intersect.ts';
import { meet } from '../runner/meet-endpoint.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import { StartError, type Target } from '../targets/target.ts';
import { programLimits, type TimeLimits } from '../time-limits.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import { type FuzzStartState, startStatesFor } from './start-states.ts';

/** Part of the programs that look at contents: they take several times as long as others. */
const DATA_PROGRAMS = 0.1;

export interface PrepareOptions {
  readonly target: Target;
  readonly area: ScratchArea;
  /** Default: `programLimits()`. */
  readonly limits?: TimeLimits;
  /** Parts of the calls, from 0 to 1: with a fault in their arguments, and damaged bytes. */
  readonly invalid: number;
  readonly raw: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a campaign knows of its target before it begins. */
export interface PreparedCampaign {
  readonly identity: EndpointIdentity;
  readonly config: FuzzConfig;
  readonly generation: GenerationConfig;
  readonly normaliseText: NormaliseText;
  /** Why some start states cannot be used, a line each. */
  readonly notes: readonly string[];
}

/** Rejects with `StartError` if not even a bare endpoint comes up, and as `meet` does. `config.first` is the caller's to stop. */
export async function prepareCampaign(options: PrepareOptions): Promise<PreparedCampaign> {
  const { target, area, limits = programLimits(), invalid, raw, signal } = options;
  const start = ({ topology }: FuzzStartState): Promise<Session> =>
    Session.start({ target, topology, area, limits, signal });
  const [first, ...others] = startStatesFor(target);
  const session = await start(first!);
  const freshEndpoints = session.endpoint.virtualTime === true;
  const met = await meet(target, session).catch(async (error: unknown) => {
    await session.stop();
    throw error;
  });
  const { identity, endpointSchema, undecided } = met;
  const { owned, sharedFiles } = target.capabilities;
  if (owned) await session.stop();
  const startStates = [first!];
  const notes: string[] = [];
  for (const startState of others) {
    try {
      await (await start(startState)).stop();
      startStates.push(startState);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      notes.push(`start state ${startState.name} cannot be made: ${inShort(error)}`);
    }
  }
  const schema = loadBlockSchema();
  const sourced = sourcedCommands(endpointSchema);
  const shaped = CALL_TEMPLATES.map(({ command }) => command).filter((command) =>
    endpointSchema.commands.has(command),
  );
  return {
    identity,
    notes,
    normaliseText: textNormaliser(vocabulary(endpointSchema)),
    generation: {
      startStates,
      commands: new Set([...shaped, ...sourced]),
      source: schemaSource([intersect(schema, endpointSchema), endpointSchema], sourced),
      invalid,
      raw,
      data: owned && sharedFiles && offersData(endpointSchema) ? DATA_PROGRAMS : 0,
    },
    config: {
      target: met.target,
      endpointSchema,
      undecided,
      schema,
      seed: 'fuzz',
      startStates,
      freshEndpoints,
      ...(!owned && { first: session }),
      limits,
      signal,
    },
  };
}

/** What happened, and the endpoint's last word on it. */
function inShort({ message, lastWords }: StartError): string {
  const [what = ''] = message.split('\n');
  const word = lastWords.findLast((line) => line.trim() !== '');
  return word === undefined || what.includes(word) ? what : `${what}: ${word}`;
}
