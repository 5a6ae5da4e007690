/**
 * Compares what a transcript holds with what was played: replies step by step; events step by step where the clock
 * was injected, else over the whole transcript, those of each source in their order. Both sides go through the same normalisation.
 */
import { isJsonObject, type Json } from '../../../spec/json.ts';
import { eventSource } from '../../differ/event-order.ts';
import {
  AutoNames,
  dropPausePairs,
  type Normalize,
  normalize,
  normalizeTiming,
} from '../../differ/normalize.ts';
import type { JsonDifference } from '../../state/json-difference.ts';
import type { PlayedStep } from './player.ts';
import { firstReplayDifference, firstSurplus, type ReplayDifference } from './replay-difference.ts';
import type { TranscriptFile, TranscriptFileStep } from './transcript-file.ts';

/** Queries whose answer may lack what the target does not implement. */
const NAME_LISTS: ReadonlySet<Json | undefined> = new Set(['query-commands', 'query-events']);

/** The normalisation for an endpoint whose clock is injected (`virtualTime`) or not. */
export function normalization(virtualTime: boolean): Normalize {
  return virtualTime ? normalize : (value) => normalizeTiming(normalize(value));
}

interface Messages {
  readonly replies: readonly Json[];
  readonly events: readonly Json[];
}

interface JudgedStep {
  readonly number: number;
  readonly step: TranscriptFileStep;
  readonly expected: Messages;
  readonly got: Messages;
  readonly played: PlayedStep | undefined;
}

/** The first difference, or null. `hide` puts placeholders for the host's own values. */
export function judge(
  transcript: TranscriptFile,
  played: readonly PlayedStep[],
  virtualTime: boolean,
  hide: Normalize,
): ReplayDifference | null {
  const pairs = pairUp(transcript, played, normalization(virtualTime), hide);
  for (const pair of pairs) {
    const difference = judgeReplies(pair) ?? (virtualTime ? judgeEvents(pair) : null) ?? judgeRest(pair);
    if (difference) return { ...difference, step: pair.number };
  }
  return virtualTime ? null : judgeAllEvents(pairs);
}

function pairUp(
  transcript: TranscriptFile,
  played: readonly PlayedStep[],
  norm: Normalize,
  hide: Normalize,
): JudgedStep[] {
  const names = { expected: new AutoNames(), got: new AutoNames() };
  return transcript.steps.map((step, index) => {
    const one = played[index];
    return {
      number: index + 1,
      step,
      played: one,
      expected: {
        replies: recordedReplies(step).map((reply) => names.expected.renumber(norm(reply))),
        events: (step.events ?? []).map((event) => names.expected.renumber(norm(event))),
      },
      got: {
        replies: (one?.replies ?? []).map((reply) => names.got.renumber(norm(hide(reply)))),
        events: (one?.events ?? []).map((event) => names.got.renumber(norm(hide(event)))),
      },
    };
  });
}

function recordedReplies(step: TranscriptFileStep): readonly Json[] {
  return step.replies ?? (step.reply === undefined ? [] : [step.reply]);
}

function judgeReplies({ step, expected, got }: JudgedStep): JsonDifference | null {
  const single = step.reply !== undefined && got.replies.length <= 1;
  if (isNameList(step) && single) {
    const [left, right] = [listOf(expected.replies[0]), listOf(got.replies[0])];
    if (left && right) return firstSurplus(left, right, '$.reply.return');
  }
  return single
    ? replyDifference(expected.replies[0], got.replies[0])
    : firstReplayDifference([...expected.replies], [...got.replies], '$.replies');
}

/** A success in place of an error, or the reverse, is told as a whole. */
function replyDifference(expected: Json | undefined, got: Json | undefined): JsonDifference | null {
  const path = '$.reply';
  if (isJsonObject(expected) && isJsonObject(got) && 'return' in expected !== 'return' in got)
    return { path, expected, got };
  return firstReplayDifference(expected, got, path);
}

function isNameList(step: TranscriptFileStep): boolean {
  return isJsonObject(step.send) && NAME_LISTS.has(step.send.execute);
}

function listOf(reply: Json | undefined): Json[] | null {
  return isJsonObject(reply) && Array.isArray(reply.return) ? reply.return : null;
}

function judgeEvents({ expected, got }: JudgedStep): JsonDifference | null {
  return firstReplayDifference([...expected.events], [...got.events], '$.events');
}

/** What a step holds besides messages. */
function judgeRest({ step, played }: JudgedStep): JsonDifference | null {
  return (
    firstReplayDifference(step['timed-out'] ?? false, played?.timedOut ?? false, '$.timed-out') ??
    (step.eof ? firstReplayDifference(true, played?.eof ?? false, '$.eof') : null) ??
    (step.host ? firstReplayDifference(step.rc ?? 0, played?.rc, '$.rc') : null) ??
    (step.stdout === undefined ? null : firstReplayDifference(step.stdout, played?.stdout, '$.stdout')) ??
    (step.qtest
      ? firstReplayDifference(step['qtest-reply'] ?? 'OK', played?.qtestReply, '$.qtest-reply')
      : null)
  );
}

/** In their order, those of one job, device or node after those of another. */
function bySource(events: readonly Json[]): Json[] {
  const sourceOf = (event: Json): string => (isJsonObject(event) ? eventSource(event) : '');
  return events.toSorted((a, b) => (sourceOf(a) < sourceOf(b) ? -1 : sourceOf(a) > sourceOf(b) ? 1 : 0));
}

function judgeAllEvents(pairs: readonly JudgedStep[]): ReplayDifference | null {
  const expected = bySource(dropPausePairs(pairs.flatMap((pair) => pair.expected.events)));
  const got = bySource(dropPausePairs(pairs.flatMap((pair) => pair.got.events)));
  const difference = firstReplayDifference(expected, got, '$.events');
  if (!difference) return null;
  const at = Number(/^\$\.events\[(\d+)\]/.exec(difference.path)?.[1] ?? 0);
  const step = pairs.find((pair) => pair.expected.events.includes(expected[at]!));
  return { ...difference, ...(step && { step: step.number }) };
}
