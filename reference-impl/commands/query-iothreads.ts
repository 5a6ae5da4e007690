/** `query-iothreads`: the I/O threads, the newest first. */
import type { Iothread } from '../objects/iothread.ts';
import type { Handler } from './handler.ts';

export const queryIothreads: Handler<'query-iothreads'> = (_args, { objects }) =>
  objects
    .ofType<Iothread>('iothread')
    .toReversed()
    .map(([id, { polling, threadId }]) => ({ id, 'thread-id': threadId, ...polling }));
