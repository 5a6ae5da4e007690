/** A diagnosis as labelled lines of text, for the formats that people read: the terminal report and JUnit. */
import type { Diagnosis } from './diagnosis.ts';

export interface LabelledLine {
  readonly label: string;
  readonly text: string;
}

/**
 * In the order in which people ask: what went wrong, on which request, what was expected, how the endpoint ended,
 * how to see it again. `requirement` gives the text that stands for a requirement's id.
 */
export function labelledLines(
  diagnosis: Diagnosis,
  requirement: (id: string) => string = (id) => id,
): LabelledLine[] {
  const lines: LabelledLine[] = [];
  const add = (label: string, text: string | undefined): void => {
    if (text !== undefined) lines.push({ label, text });
  };

  add('reason', diagnosis.reason);
  add('hint', diagnosis.hint);
  for (const deviation of diagnosis.deviations) {
    const times = deviation.times === undefined ? '' : `, ${deviation.times} times`;
    add('deviation', `${deviation.message} [${deviation.check}, ${deviation.severity}${times}]`);
    add('request', deviation.request);
    add('at', deviation.path);
    add('expected', deviation.expected);
    add('got', deviation.got);
    add('reply', deviation.reply);
  }
  add('ended', diagnosis.process?.ended);
  add('in flight', diagnosis.process?.inFlight);
  for (const request of diagnosis.process?.unanswered ?? []) add('unanswered', request);
  for (const words of diagnosis.process?.lastWords ?? []) add('stderr', words);
  for (const id of diagnosis.requirements) add('requirement', requirement(id));
  add('earlier', diagnosis.earlier);
  add('again', diagnosis.reproduce);
  return lines;
}
