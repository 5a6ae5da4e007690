/** Saboteurs of errors of guests, of stops and of devices that go, in second situations. */
import { inside, type Saboteur } from './saboteur.ts';

const REQUESTS = 'backend/guest-requests';
const RUN = 'devices/run-state';
const REGISTRY = 'devices/device-registry';

export const secondStops: readonly Saboteur[] = [
  {
    id: 'stops/status-shared',
    definition: 'BlockDeviceIoStatus',
    breaks: 'shows the io-status of the device that failed last for each device',
    changes: [
      {
        file: REQUESTS,
        find: 'return stops ? this.#status : undefined;',
        put: "return stops ? (GuestIo.last ?? 'ok') : undefined;",
      },
      {
        file: REQUESTS,
        find: 'const again = new Promise(',
        put: 'GuestIo.last = this.#status;\n        const again = new Promise(',
      },
      {
        file: REQUESTS,
        find: 'const stopped = this.#stopped.splice(0);',
        put: "GuestIo.last = 'ok';\n        const stopped = this.#stopped.splice(0);",
      },
    ],
  },
  inside(
    'stops/status-of-reported',
    'BlockDeviceIoStatus',
    'has the io-status failed after an error that was reported',
    REQUESTS,
    [
      "if (action === 'report') {",
      "if (action === 'report') {\n                    this.#status = 'failed';",
    ],
  ),
  inside(
    'stops/nospace-by-operation',
    'BLOCK_IO_ERROR',
    'tells nospace only of requests whose own policy stops',
    REQUESTS,
    ['this.ioStatus === undefined ? {} :', "!['stop', 'enospc'].includes(this.#policy(operation)) ? {} :"],
  ),
  {
    id: 'stops/first-node-named',
    definition: 'BLOCK_IO_ERROR',
    breaks: 'names the node that the device had at first',
    changes: [
      {
        file: REQUESTS,
        find: 'this.#forget = machine.onResume(',
        put: 'this.first = backend.node;\n        this.#forget = machine.onResume(',
      },
      {
        file: REQUESTS,
        find: 'const { node } = this.#backend;',
        put: 'const node = this.#backend.node && (this.first ?? this.#backend.node);',
      },
    ],
  },
  inside(
    'stops/reads-end',
    'cont',
    'has a read that stopped the machine end well without making it again',
    REQUESTS,
    [
      'if (!(await this.#stop(error)))\n                    return { ok: false, errno: error.code };',
      "if (!(await this.#stop(error)))\n                    return { ok: false, errno: error.code };\n                if (type === 'read') {\n                    request?.done(now());\n                    return DONE;\n                }",
    ],
  ),
  inside(
    'stops/flushes-end',
    'cont',
    'has a flush that stopped the machine end well without making it again',
    REQUESTS,
    [
      'if (!(await this.#stop(error)))\n                    return { ok: false, errno: error.code };',
      "if (!(await this.#stop(error)))\n                    return { ok: false, errno: error.code };\n                if (operation === 'flush') {\n                    request?.done(now());\n                    return DONE;\n                }",
    ],
  ),
  inside(
    'stops/stop-pauses-error',
    'stop',
    'tells a machine as paused that an error has stopped and somebody stops',
    RUN,
    ['stop() {', "stop() {\n        if (this.#status === 'io-error')\n            this.#status = 'paused';"],
  ),
  inside(
    'stops/stop-told-after-error',
    'STOP',
    'tells STOP again where an error has stopped the machine',
    RUN,
    [
      'stop() {',
      "stop() {\n        if (this.#status === 'io-error')\n            this.#services.emit('STOP');",
    ],
  ),
  inside('stops/stop-ends-prelaunch', 'stop', 'tells a machine as paused that has not run', RUN, [
    'stop() {',
    "stop() {\n        if (this.#status === 'prelaunch')\n            this.#status = 'paused';",
  ]),
  inside(
    'stops/stop-retries',
    'cont',
    'makes failed requests again when a machine is stopped that stands for them',
    RUN,
    [
      'stop() {',
      "stop() {\n        if (this.#status === 'io-error')\n            for (const callback of this.#onResume)\n                callback();",
    ],
  ),
  inside('stops/reset-stops', 'STOP', 'tells STOP and RESUME where a machine that runs is reset', RUN, [
    'reset() {',
    "reset() {\n        if (this.#status === 'running') {\n            this.#services.emit('STOP');\n            this.#services.emit('RESUME');\n        }",
  ]),
  inside('stops/reset-resumes', 'RESUME', 'tells RESUME where a machine that stands is reset', RUN, [
    'reset() {',
    "reset() {\n        if (this.#status !== 'running')\n            this.#services.emit('RESUME');",
  ]),
  inside(
    'stops/deleted-at-request',
    'DEVICE_DELETED',
    'tells a device on PCI as gone when it is asked to go',
    REGISTRY,
    [
      'device.leaving = true;',
      "device.leaving = true;\n        this.services.emit('DEVICE_DELETED', { ...(device.id !== undefined && { device: device.id }), path: device.qomPath });",
    ],
  ),
  inside('stops/deleted-refused', 'DEVICE_DELETED', 'tells a device as gone that its bus keeps', REGISTRY, [
    'if (!model.hotplug)\n            throw',
    "if (!model.hotplug)\n            this.services.emit('DEVICE_DELETED', { ...(device.id !== undefined && { device: device.id }), path: device.qomPath });\n        if (!model.hotplug)\n            throw",
  ]),
  inside(
    'stops/deleted-anonymous',
    'DEVICE_DELETED',
    'tells the path of a device without id as its id',
    REGISTRY,
    [
      '{ ...(id !== undefined && { device: id }), path: qomPath }',
      '{ device: id ?? qomPath, path: qomPath }',
    ],
  ),
  inside('stops/deleted-twice', 'DEVICE_DELETED', 'tells twice that a device is gone', REGISTRY, [
    'const { id, qomPath } = device;',
    "const { id, qomPath } = device;\n        this.services.emit('DEVICE_DELETED', { ...(id !== undefined && { device: id }), path: qomPath });",
  ]),
  inside(
    'stops/reason-without-medium',
    'BLOCK_IO_ERROR',
    'has no reason where there is no medium',
    REQUESTS,
    ['reason: error.message', "reason: error.code === 'ENOMEDIUM' ? '' : error.message"],
  ),
  inside(
    'stops/lack-while-standing',
    'BlockDeviceIoStatus',
    'has the io-status failed for want of space while the machine stands',
    REQUESTS,
    [
      "error.code === 'ENOSPC' ? 'nospace' : 'failed';",
      "error.code === 'ENOSPC' && this.#machine.describe().running ? 'nospace' : 'failed';",
    ],
  ),
  inside('stops/nospace-of-writes', 'BLOCK_IO_ERROR', 'tells nospace of writes alone', REQUESTS, [
    "nospace: error.code === 'ENOSPC' }",
    "nospace: error.code === 'ENOSPC' && operation === 'write' }",
  ]),
  inside(
    'stops/status-of-writes',
    'BlockDeviceIoStatus',
    'has the io-status failed where a read fails for want of space',
    REQUESTS,
    [
      'if (!(await this.#stop(error)))',
      "if (!(await this.#stop(type === 'read' ? new IoError('EIO') : error)))",
    ],
  ),
  inside(
    'stops/told-in-prelaunch',
    'cont',
    'fails requests that should stop a machine which has not run',
    REQUESTS,
    [
      'if (!(await this.#stop(error)))',
      "if (this.#machine.describe().status === 'prelaunch' || !(await this.#stop(error)))",
    ],
  ),
];
