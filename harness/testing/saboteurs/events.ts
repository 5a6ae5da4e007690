/** Saboteurs of events that are not those of jobs alone: what they tell, and when. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import { between, inside, type Saboteur } from './saboteur.ts';

/** Puts the id of the latest command into events. */
function withLatestId() {
  let id: Json | undefined;
  return {
    incoming: (messages: readonly JsonObject[]) => {
      id = messages.at(-1)?.id ?? id;
      return { pass: messages };
    },
    outgoing: (message: JsonObject) => [
      'event' in message && id !== undefined ? { ...message, id } : message,
    ],
  };
}

export const events: readonly Saboteur[] = [
  inside(
    'events/threshold-gone-already',
    'BLOCK_WRITE_THRESHOLD',
    'tells the threshold as 0, to which it has gone back',
    'graph/block-io',
    [
      'this.#thresholdExceeded(end - Number(threshold), threshold);',
      'this.#thresholdExceeded(end - Number(threshold), this.#writeThreshold);',
    ],
  ),
  inside(
    'events/job-error-once',
    'BLOCK_JOB_ERROR',
    'tells the first error of a job and no other',
    'jobs/job',
    [
      "this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation, action });",
      "if (!this.hasToldError)\n            this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation, action });\n        this.hasToldError = true;",
    ],
  ),
  inside(
    'events/quorum-failure-by-node',
    'QUORUM_FAILURE',
    'tells the node of a quorum that is in a drive',
    'graph/open',
    ['reference: () => graph.displayName(node),', 'reference: () => node.name,'],
  ),
  between(
    'events/with-id',
    'protocol/events',
    'sends events with the id of the latest command',
    withLatestId,
  ),
  inside(
    'events/cancelled-as-finished',
    'BLOCK_JOB_CANCELLED',
    'tells the whole len as offset of a cancelled job',
    'jobs/job',
    [
      "this.#services.emit('BLOCK_JOB_CANCELLED', this.#position());",
      "this.#services.emit('BLOCK_JOB_CANCELLED', { ...this.#position(), offset: this.progress.len });",
    ],
  ),
  inside(
    'events/shutdown-by-guest',
    'SHUTDOWN',
    'tells that the guest wanted to shut down when the client did',
    'reference-endpoint',
    ["this.emit('SHUTDOWN', { guest });", "this.emit('SHUTDOWN', { guest: true });"],
  ),
  inside(
    'events/corrupted-size-missing',
    'BLOCK_IMAGE_CORRUPTED',
    'tells where an access met corruption and not how long it was',
    'graph/open',
    ['...(size === undefined ? {} : { size }),', ''],
  ),
  inside(
    'events/quorum-flush-as-write',
    'QUORUM_REPORT_BAD',
    'tells failed flushes of children as writes',
    'drivers/quorum/index',
    [
      "const request = { kind: 'flush', offset: 0, length: 0 };",
      "const request = { kind: 'write', offset: 0, length: 0 };",
    ],
  ),
  inside(
    'events/first-of-many-kept',
    'QUORUM_REPORT_BAD',
    'tells the first of the events that it held back for their rate, not the last',
    'monitor/event-rate',
    ['period.held = message;', 'period.held ??= message;'],
  ),
  inside(
    'events/held-back-for-longer',
    'QUORUM_REPORT_BAD',
    'holds back events of quorums for five seconds',
    'monitor/event-rate',
    ['const PERIOD = 1000000000n;', 'const PERIOD = 5000000000n;'],
  ),
  inside(
    'events/threshold-held-back',
    'BLOCK_WRITE_THRESHOLD',
    'holds back a second event of a threshold within a second',
    'monitor/event-rate',
    ['QUORUM_FAILURE: {},', 'QUORUM_FAILURE: {},\n    BLOCK_WRITE_THRESHOLD: {},'],
  ),
  inside(
    'events/mirror-writes-as-reads',
    'BLOCK_JOB_ERROR',
    'tells what a mirror cannot write as something that it cannot read',
    'jobs/mirror-copy',
    [
      'const action = job.failed(operation, policy, error);',
      "const action = job.failed('read', policy, error);",
    ],
  ),
  inside(
    'events/timestamp-of-a-zone',
    'protocol/events',
    'counts timestamps in the time of a zone that is an hour ahead of UTC',
    'reference-endpoint',
    ['seconds: Number(wall / 1000000n),', 'seconds: Number(wall / 1000000n) + 3600,'],
  ),
  inside(
    'events/corrupted-offset-as-text',
    'BLOCK_IMAGE_CORRUPTED',
    'tells the offset of corruption as a string of hexadecimal digits',
    'graph/open',
    ['{} : { offset })', "{} : { offset: '0x' + offset.toString(16) })"],
  ),
  inside(
    'events/write-failure-untold',
    'QUORUM_FAILURE',
    'does not tell the failure of a write',
    'drivers/quorum/index',
    [
      'this.#reportFailure(request);\n        throw votedError(errors);',
      "if (request.kind === 'read')\n            this.#reportFailure(request);\n        throw votedError(errors);",
    ],
  ),
  inside(
    'events/completed-without-offset',
    'BLOCK_JOB_COMPLETED',
    'tells no offset of a job that has succeeded',
    'jobs/job',
    [
      '...this.#position(),\n                ...(this.#error',
      '...(({ offset, ...rest }) => (this.#error ? { offset, ...rest } : rest))(this.#position()),\n                ...(this.#error',
    ],
  ),
  inside(
    'events/empty-data',
    'protocol/events',
    'sends empty data with events that have none',
    'reference-endpoint',
    ['{ timestamp, event } :', '{ timestamp, event, data: {} } :'],
  ),
  inside(
    'events/open-tray-told-again',
    'blockdev-open-tray',
    'tells that a tray opens that is open',
    'commands/blockdev-open-tray',
    [
      'openTray(devices.drive(device, id), force);',
      'const drive = devices.drive(device, id);\n    const tray = drive.backend.device?.tray;\n    if (tray?.open) {\n        const { locked } = tray;\n        tray.reset();\n        if (locked)\n            tray.lock();\n        tray.move(true);\n    }\n    openTray(drive, force);',
    ],
  ),
  inside(
    'events/corrupted-device-left-out',
    'BLOCK_IMAGE_CORRUPTED',
    'leaves device out where a corrupt image belongs to none',
    'graph/open',
    ['device: graph.deviceOf(node),', '...(graph.deviceOf(node) && { device: graph.deviceOf(node) }),'],
  ),
];
