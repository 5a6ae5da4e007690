/** Differences that are the same, listed once: by class, place and message without names and numbers. */
import { type Difference, placeOf } from './difference.ts';

export interface Bucket<T> {
  /** What people read, and what known differences are globs on. */
  readonly key: string;
  /** Why it is nobody's fault, or known; absent: nothing explains it. */
  readonly reason?: string;
  readonly count: number;
  /** The first that was seen. */
  readonly first: T;
}

/** Takes out of a text what differs from run to run. */
export type Abstract = (text: string) => string;

export function bucketOf(difference: Difference, abstract: Abstract): string {
  return `${placeOf(difference)}: ${abstract(difference.message)}`;
}

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
