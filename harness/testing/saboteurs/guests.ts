/** Saboteurs of the requests of guests: errors, policies, statistics of the last seconds. */
import { inside, type Saboteur } from './saboteur.ts';

const REQUESTS = 'backend/guest-requests';
const AVERAGE = 'backend/timed-average';

export const guests: readonly Saboteur[] = [
  inside('guests/error-of-child', 'BLOCK_IO_ERROR', 'names the child of the node that failed', REQUESTS, [
    "'node-name': node.name,",
    "'node-name': node.child('file')?.node.name ?? node.name,",
  ]),
  inside(
    'guests/error-by-device',
    'BLOCK_IO_ERROR',
    'names the node where there is no drive name',
    REQUESTS,
    ['device: this.#backend.name,', 'device: this.#backend.name || node.name,'],
  ),
  inside('guests/error-of-reads', 'BLOCK_IO_ERROR', 'tells every error as one of a read', REQUESTS, [
    'operation,\n            action,',
    "operation: 'read',\n            action,",
  ]),
  inside('guests/ignored-untold', 'BLOCK_IO_ERROR', 'does not tell errors that are ignored', REQUESTS, [
    'this.#tell(node, type, action, error);',
    "if (action !== 'ignore') this.#tell(node, type, action, error);",
  ]),
  inside('guests/nospace-always', 'BLOCK_IO_ERROR', 'tells nospace where there is no io-status', REQUESTS, [
    'this.ioStatus === undefined ? {} : {',
    'false ? {} : {',
  ]),
  inside('guests/nospace-inverted', 'BLOCK_IO_ERROR', 'tells nospace of errors but ENOSPC', REQUESTS, [
    "nospace: error.code === 'ENOSPC'",
    "nospace: error.code !== 'ENOSPC'",
  ]),
  inside(
    'guests/policies-swapped',
    'BLOCK_IO_ERROR',
    'meets errors of writes by the policy of reads',
    REQUESTS,
    [
      "return type === 'read' ? settings.onReadError : settings.onWriteError;",
      'return settings.onReadError;',
    ],
  ),
  inside(
    'guests/device-policy-ignored',
    'BLOCK_IO_ERROR',
    'does not heed the policies of devices',
    REQUESTS,
    ["if (own !== 'auto')", 'if (false)'],
  ),
  inside('guests/not-again', 'cont', 'fails a request for good that stopped the machine', REQUESTS, [
    'go(true);',
    'go(false);',
  ]),
  inside('guests/runs-on', 'BLOCK_IO_ERROR', 'does not stop the machine for an error', REQUESTS, [
    'this.#machine.stopForIoError();',
    ';',
  ]),
  inside(
    'guests/status-stays',
    'BlockDeviceIoStatus',
    'keeps the io-status when the machine goes on',
    REQUESTS,
    ["#resume() {\n        this.#status = 'ok';", '#resume() {'],
  ),
  inside(
    'guests/status-failed',
    'BlockDeviceIoStatus',
    'has the io-status failed for want of space',
    REQUESTS,
    ["error.code === 'ENOSPC' ? 'nospace' : 'failed'", "'failed'"],
  ),
  inside('guests/reported-as-done', 'BlockDeviceStats', 'counts reported errors as done', REQUESTS, [
    'request?.failed(now());',
    'request?.done(now());',
  ]),
  inside('guests/invalid-as-failed', 'BlockDeviceStats', 'counts invalid requests as failed', REQUESTS, [
    'this.#backend.accounting.invalid(operation, this.#services.guestClock.now());',
    'this.#backend.accounting.begin(operation, 0, 0n).failed(this.#services.guestClock.now());',
  ]),
  inside('guests/paused-for-error', 'query-status', 'is paused after an I/O error', 'devices/run-state', [
    "this.#halt('io-error');",
    "this.#halt('paused');",
  ]),
  inside(
    'guests/average-of-extremes',
    'BlockDeviceTimedStats',
    'has the highest latency for the average',
    AVERAGE,
    ['sum / count', 'max'],
  ),
  inside('guests/least-is-zero', 'BlockDeviceTimedStats', 'has 0 for the lowest latency', AVERAGE, [
    'window.count === 0n || value < window.min ? value : window.min',
    '0n',
  ]),
  inside(
    'guests/interval-for-ever',
    'BlockDeviceTimedStats',
    'never forgets what is older than an interval',
    AVERAGE,
    ['if (window.expires > now)', 'if (window.expires !== now)'],
  ),
  inside(
    'guests/depth-of-one',
    'BlockDeviceTimedStats',
    'has the depth of one request for that of all',
    'backend/accounting',
    ['Number(sum) / Number(elapsed)', 'Number(average) / Number(elapsed)'],
  ),
  inside(
    'guests/first-tried-again',
    'cont',
    'tries only the requests of the first of several devices again that stopped the machine',
    'devices/run-state',
    ['of this.#onResume)', 'of [...this.#onResume].slice(0, 1))'],
  ),
];
