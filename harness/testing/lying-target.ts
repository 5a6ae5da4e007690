/** A target whose endpoints answer some commands with something else than the truth, and do not carry them out. */
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { Target } from '../targets/target.ts';
import { breachingTarget } from './breaching-target.ts';

/** A reply to be given instead of the endpoint's; null: the truth. */
export type Lie = (execute: string, args: JsonObject) => JsonObject | null;

export function lyingTarget(honest: Target, lie: Lie): Target {
  const incoming = (messages: readonly JsonObject[]) => {
    const pass: JsonObject[] = [];
    const answer: JsonObject[] = [];
    for (const message of messages) {
      const reply = lie(String(message.execute), isJsonObject(message.arguments) ? message.arguments : {});
      if (reply === null) pass.push(message);
      else answer.push(message.id === undefined ? reply : { ...reply, id: message.id });
    }
    return { pass, answer };
  };
  return { ...breachingTarget(honest, () => ({ incoming })), name: honest.name };
}
