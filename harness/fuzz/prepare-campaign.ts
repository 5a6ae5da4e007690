/** Before a campaign: who is the endpoint, what does it offer, on which grounds does it start. */

import { SHAPES } from '../../generators/sequences/call-templates.ts';
import type { World } from '../../generators/sequences/generate.ts';
import { schemaSource, sourcedCommands } from '../../generators/sequences/schema-source.ts';
import type { EndpointIdentity } from '../../reports/record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { offersData } from '../contents/nbd-access.ts';
import { Session } from '../runner/endpoint-session.ts';
import { introduce } from '../runner/identify.ts';
import { intersect } from '../runner/intersect.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import { StartError, type Target } from '../targets/target.ts';
import type { FuzzSetting } from './fuzz-config.ts';
import { type Abstract, abstractor, vocabulary } from './normalise-text.ts';
import { type FuzzGround, groundsFor } from './start-states.ts';

/** Part of the programs that look at contents: they take several times as long as others. */
const DATA_PROGRAMS = 0.1;

export interface PrepareOptions {
  readonly target: Target;
  readonly area: ScratchArea;
  /** Milliseconds after which an endpoint that does not answer hangs. */
  readonly timeout: number;
  /** Parts of the calls, from 0 to 1: with a fault in their arguments, and damaged bytes. */
  readonly invalid: number;
  readonly raw: number;
  readonly signal?: AbortSignal;
}

export interface Prepared {
  readonly identity: EndpointIdentity;
  readonly setting: FuzzSetting;
  readonly world: World;
  readonly abstract: Abstract;
  /** Why some grounds cannot be used, a line each. */
  readonly notes: readonly string[];
}

/** Rejects with `StartError` if not even a bare endpoint comes up. */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { target, area, timeout, invalid, raw, signal } = options;
  const start = ({ topology }: FuzzGround): Promise<Session> =>
    Session.start({ target, topology, area, timeout, ...(signal && { signal }) });
  const [first, ...others] = groundsFor(target);
  const session = await start(first!);
  const anew = session.endpoint.virtualTime === true;
  const { identity, offered } = await introduce(target.name, session).finally(() => session.stop());
  const grounds = [first!];
  const notes: string[] = [];
  for (const ground of others) {
    try {
      await (await start(ground)).stop();
      grounds.push(ground);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      notes.push(`ground ${ground.name} cannot be made: ${error.message.split('\n')[0]}`);
    }
  }
  const schema = loadBlockSchema();
  const { owned, sharedFiles } = target.capabilities;
  const sourced = sourcedCommands(offered);
  const shaped = SHAPES.map(({ command }) => command).filter((command) => offered.commands.has(command));
  return {
    identity,
    notes,
    abstract: abstractor(vocabulary(offered)),
    world: {
      grounds,
      commands: new Set([...shaped, ...sourced]),
      source: schemaSource([intersect(schema, offered), offered], sourced),
      invalid,
      raw,
      data: owned && sharedFiles && offersData(offered) ? DATA_PROGRAMS : 0,
    },
    setting: {
      target,
      offered,
      schema,
      grounds,
      anew,
      caseTimeout: timeout,
      eventTimeout: timeout,
      ...(signal && { signal }),
    },
  };
}
