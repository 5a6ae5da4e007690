/** After whatever a case did, the endpoint still answers. */
import type { Check } from './check.ts';

/** Cheap queries; the first that the endpoint offers is asked. */
const QUESTIONS = ['query-version', 'query-block-jobs', 'query-commands'];

export function liveness(): Check {
  return {
    id: 'liveness',
    title: 'The endpoint still answers after the case',
    async end({ endpointSchema, probe, report }) {
      const question = QUESTIONS.find((name) => endpointSchema.commands.has(name));
      if (question === undefined) return;
      try {
        await probe.query(question);
      } catch (error) {
        const message = `${question} is not answered any more: ${(error as Error).message}`;
        report({ severity: 'must', message });
      }
    },
  };
}
