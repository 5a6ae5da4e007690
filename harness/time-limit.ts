/** Waiting for something no longer than a while, without leaving a timer behind that keeps the process alive. */

/** What `promise` gives, or `late` after `milliseconds`. */
export async function within<T>(milliseconds: number, promise: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
