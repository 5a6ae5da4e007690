/** Saboteurs of what several clients, exports and servers must not do to one another. */
import { inside, type Saboteur } from './saboteur.ts';

const SERVER = 'exports/nbd/nbd-export-server';
const HANDSHAKE = 'exports/nbd/server-handshake';
const HUMAN = 'monitor/hmp/hmp-nbd';

export const severalClients: readonly Saboteur[] = [
  inside(
    'exports/refused-start-ends',
    'nbd-server-start',
    'listens no more after a start that it refuses because it runs already',
    SERVER,
    [
      'if (this.#running)\n            throw',
      'if (this.#running)\n            this.#running.listener.close();\n        if (this.#running)\n            throw',
    ],
  ),
  inside(
    'exports/refused-removal-hides',
    'nbd-server-remove',
    'lets no further client into an export whose removal it refuses',
    SERVER,
    [
      "if (mode === 'safe' && found.clients.size > 0)",
      "if (mode === 'safe' && found.clients.size > 0)\n            exports.delete(name);\n        if (mode === 'safe' && found.clients.size > 0)",
    ],
  ),
  inside(
    'exports/hard-cuts-all',
    'nbd-server-remove',
    'cuts off the clients of every export when one is removed with mode hard',
    SERVER,
    [
      'exports.delete(name);\n        await found.close();',
      "exports.delete(name);\n        await found.close();\n        if (mode === 'hard')\n            for (const socket of this.#required().sockets)\n                socket.destroy();",
    ],
  ),
  inside(
    'exports/structured-for-all',
    'nbd-server-start',
    'sends structured replies to every client once one has asked for them',
    HANDSHAKE,
    [
      'structured: this.#structured,',
      'structured: (chosen.structuredOnce = chosen.structuredOnce || this.#structured),',
    ],
  ),
  inside(
    'exports/list-of-greeting',
    'nbd-server-add',
    'shows a client the exports that there were when it was greeted',
    HANDSHAKE,
    ['this.#exports = exports;', 'this.#exports = new Map(exports);'],
  ),
  inside(
    'exports/clear-without-credentials',
    'nbd-server-start',
    'serves in the clear once the credentials that it was started with are deleted',
    SERVER,
    [
      'negotiate(stream, exports, credentials)',
      "negotiate(stream, exports, this.#services.objects.ofType('tls-creds-x509').length > 0 ? credentials : undefined)",
    ],
  ),
  inside(
    'exports/human-never-writable',
    'nbd-server-add',
    'exports read-only what the human monitor is to export writable',
    HUMAN,
    ["{ device, writable: flags.has('writable'), name }", '{ device, name }'],
  ),
  inside(
    'exports/human-first-drive-only',
    'nbd-server-start',
    'exports just one drive when the human monitor is to export all',
    HUMAN,
    ['if (node)\n', "if (node && name === 'd0')\n"],
  ),
  inside(
    'exports/human-safe-only',
    'nbd-server-remove',
    'heeds no force where the human monitor removes an export',
    HUMAN,
    ["mode: flags.has('force') ? 'hard' : 'safe'", "mode: 'safe'"],
  ),
  inside(
    'exports/end-with-monitor-client',
    'nbd-server-stop',
    'stops the NBD server when a client of a monitor leaves',
    'monitor/monitor-session',
    [
      "this.#state = 'closed';\n        this.negotiated = false;",
      "this.#state = 'closed';\n        if (this.negotiated)\n            void this.#dispatcher.answer({ value: { execute: 'nbd-server-stop' } }, { negotiated: true });\n        this.negotiated = false;",
    ],
  ),
  inside(
    'limits/refused-change-stays',
    'ThrottleLimits',
    'keeps the limits of a group that it refuses to set',
    'objects/throttle-group-object',
    [
      'checkConfig(changed);\n                    group.config = changed;',
      'group.config = changed;\n                    checkConfig(changed);',
    ],
  ),
];
