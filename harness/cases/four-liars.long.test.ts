/** All hand-written cases against four endpoints that lie: what they are believed stands here, each with its reason. */
import { expect, test } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { reference } from '../targets/reference.ts';
import type { Target } from '../targets/target.ts';
import { breachingTarget } from '../testing/breaching-target.ts';
import { beliefIn, idle, NO, YES } from '../testing/liars.ts';
import { cases } from './index.ts';

/** Why a lie passes a case: the ids of each reason. */
const BELIEVED: Readonly<Record<string, readonly string[]>> = {
  'about the wire, which the liar speaks as it should': [
    'envelope/arguments-of-other-types',
    'envelope/empty-arguments',
    'envelope/error-members',
    'envelope/execute-of-other-types',
    'envelope/fast-commands',
    'envelope/id-of-each-type',
    'envelope/id-on-errors',
    'envelope/messages-together',
    'envelope/missing-execute',
    'envelope/no-id-without-id',
    'envelope/no-stray-lines',
    'envelope/nothing-unasked',
    'envelope/reply-members',
    'envelope/success-of-a-command-without-result',
    'envelope/unknown-command',
    'envelope/unknown-command-with-arguments',
    'envelope/unknown-members',
    'greeting/every-connection',
    'greeting/no-banner',
    'greeting/no-events-before',
    'greeting/shape',
    'greeting/version-is-query-version',
    'introspection/schema-is-stable',
    'introspection/schema-names-unique',
    'introspection/schema-references-resolve',
    'introspection/schema-tags-are-enums',
    'negotiation/accepted',
    'negotiation/bad-input-before',
    'negotiation/commands-before',
    'negotiation/ends-with-the-client',
    'negotiation/no-events-before',
    'negotiation/only-once',
    'negotiation/opens-the-session',
    'negotiation/unexpected-argument',
    'negotiation/unknown-capability',
    'sessions/client-that-vanishes',
    'sessions/garbage-on-another-monitor',
    'sessions/pipelined-effects',
    'sessions/pipelined-order',
    'sessions/quit',
    'sessions/second-client-waits',
    'syntax/bad-escapes',
    'syntax/bad-numbers',
    'syntax/broken-objects',
    'syntax/byte-by-byte',
    'syntax/control-characters-in-strings',
    'syntax/escapes',
    'syntax/int64-extremes',
    'syntax/int64-range',
    'syntax/integer-form',
    'syntax/integer-form-changes-nothing',
    'syntax/invalid-utf-8',
    'syntax/long-strings',
    'syntax/nesting-deep',
    'syntax/nesting-too-deep',
    'syntax/no-object',
    'syntax/nul-byte',
    'syntax/one-in-many-packets',
    'syntax/percent-signs',
    'syntax/several-in-one-packet',
    'syntax/single-quotes',
    'syntax/stray-tokens',
    'syntax/unclosed-brackets',
    'syntax/unicode',
    'syntax/white-space',
  ],
  'about the answer where there is nothing to tell or to do': [
    'drive-backup/incremental-clean-bitmap',
    'queries/no-nodes',
    'queries/nothing',
  ],
  'about what every endpoint must refuse': [
    'block_passwd/always-fails',
    'image-creation/unsupported-drivers',
  ],
  'a refusal without its positive twin': [
    'encryption/create-refused',
    'nbd/disconnects',
    'nbd/no-nbd-server',
    'nbd/nobody-there',
    'nbd/tls-creds-unknown',
    'blkdebug/image-missing',
    'block_resize/no-name',
    'block_resize/node-unknown',
    'blockdev-add/id-at-top-level',
    'blockdev-add/member-of-another-driver',
    'blockdev-add/name-too-long',
    'blockdev-add/names-ill-formed',
    'blockdev-del/node-unknown',
    'children/reference-of-other-types',
    'devices/name-taken-by-a-device',
    'devices/resize-without-medium',
    'file/pr-manager-unknown',
    'node-options/cache-writeback',
    'node-options/detect-zeroes-unmap-needs-discard',
    'null-co/size-negative',
    'raw/file-required',
  ],
  'nothing tells in which thread a node runs': ['x-blockdev-set-iothread/moves'],
  'looks at replies or files only, which this liar gives and makes': [
    'block-commit/device-unknown',
    'block_set_io_throttle/device-unknown',
    'block_set_io_throttle/group-together',
    'block_set_io_throttle/limits',
    'blockdev-snapshot-sync/into-existing-file',
    'blockdev-snapshot-sync/writes-go-to-overlay',
    'change-backing-file/by-device',
    'devices/bitmap-by-either-name',
    'examples/bitmaps',
    'image-creation/file',
    'image-creation/file-nocow',
    'image-creation/file-preallocated',
    'image-creation/file-preallocation-metadata',
    'image-creation/file-sparse',
    'image-creation/file-too-large',
    'image-creation/file-unknown-preallocation',
    'image-creation/qcow2-backing-format',
    'image-creation/qcow2-cluster-size',
    'image-creation/qcow2-lazy-refcounts',
    'image-creation/qcow2-not-preallocated',
    'image-creation/qcow2-preallocation-full',
    'image-creation/qcow2-preallocation-metadata',
    'image-creation/qcow2-preallocation-with-backing',
    'image-creation/qcow2-refcount-bits',
    'image-creation/qcow2-refcount-bits-refused',
    'image-creation/qcow2-sizes',
    'image-creation/qcow2-version',
    'queries/query-nodes-of-other-types',
    'queries/unknown-arguments',
    'throttle-group/combinations',
    'throttle-group/length-needs-burst',
    'transaction/action-block-dirty-bitmap-clear',
    'x-blockdev-set-iothread/needs-force',
  ],
};

const WIRE = 'about the wire, which the liar speaks as it should';
const listed = Object.values(BELIEVED).flat();
/** Of the hand-written cases, those in the list that are not about the wire. */
const SHARE = 0.08;

test('what liars are believed stands in the list, and all of the list is', async () => {
  const found = new Set<string>();
  for (const target of [YES, NO, idle(), silent()])
    for (const id of (await beliefIn(target, cases, 3_000)).believed) found.add(id);
  expect([...found].toSorted()).toEqual(listed.toSorted());
}, 600_000);

test('few cases are in the list', () => {
  expect(listed.length - BELIEVED[WIRE]!.length).toBeLessThanOrEqual(SHARE * cases.length);
});

/** Does what it is told, sends no event and lists nothing. */
function silent(): Target {
  const isSchema = ([first]: readonly Json[]): boolean =>
    isJsonObject(first ?? null) && 'meta-type' in (first as JsonObject);
  return breachingTarget(reference('reference'), () => ({
    outgoing: (message) => {
      if ('event' in message) return [];
      const list = message.return;
      return [Array.isArray(list) && !isSchema(list) ? { ...message, return: [] } : message];
    },
  }));
}
