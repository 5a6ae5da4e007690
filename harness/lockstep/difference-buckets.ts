/** Differences that are the same, listed once: by class, place and message without names and numbers. */

import type { NormaliseText } from '../../reports/normalise-text.ts';
import { type Difference, placeOf } from '../differ/difference.ts';

/** Sightings that are told as one. */
export interface Bucket<T> {
  /** What people read, and what known differences are globs on. */
  readonly key: string;
  /** Why it is nobody's fault, or known; absent: nothing explains it. */
  readonly reason?: string;
  readonly count: number;
  /** The first that was seen. */
  readonly first: T;
}

/** The key of a difference: its class, subject, path and message without what differs from run to run. */
export function bucketOf(difference: Difference, normaliseText: NormaliseText): string {
  const texts = wordings(difference, normaliseText);
  const message = texts === null ? normaliseText(difference.message) : `${texts.left} / ${texts.right}`;
  return `${placeOf(difference)}: ${message}`;
}

/** What each side says, where it is the text of an error that differs; else null. */
export function wordings(
  { class: of, path, left, right }: Difference,
  normaliseText: NormaliseText,
): { readonly left: string; readonly right: string } | null {
  if (of !== 'text' || !path.endsWith('.error.desc')) return null;
  return { left: normaliseText(String(left)), right: normaliseText(String(right)) };
}

/** Collects sightings by key, in the order in which keys were first seen. */
export class Buckets<T> {
  readonly #buckets = new Map<string, Bucket<T>>();

  /** The same difference may be explained in one place and not in another: then it is two. */
  add(key: string, reason: string | undefined, seen: T): void {
    const id = JSON.stringify([key, reason ?? null]);
    const there = this.#buckets.get(id);
    const fresh = { key, first: seen, ...(reason !== undefined && { reason }) };
    this.#buckets.set(id, { ...(there ?? fresh), count: (there?.count ?? 0) + 1 });
  }

  /** In the order in which they were seen first. */
  all(): readonly Bucket<T>[] {
    return [...this.#buckets.values()];
  }
}
