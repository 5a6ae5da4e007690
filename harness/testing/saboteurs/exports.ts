/** Saboteurs of the NBD server: where it listens, whom it serves and how. */
import { inside, type Saboteur } from './saboteur.ts';

const SERVER = 'exports/nbd/nbd-export-server';
const HANDSHAKE = 'exports/nbd/server-handshake';
const HUMAN = 'monitor/hmp/hmp-nbd';

export const exports: readonly Saboteur[] = [
  inside(
    'exports/socket-name-with-its-end',
    'SocketAddress',
    'refuses the longest name of a local socket, which has no NUL at its end',
    'host/socket-address',
    ['const UNIX_PATH_MAX = 108;', 'const UNIX_PATH_MAX = 107;'],
  ),
  inside(
    'exports/hard-keeps-clients',
    'nbd-server-remove',
    'goes on serving the clients of an export that was removed with mode hard',
    'exports/nbd/nbd-export',
    ['await whileReleased([this.node], allGone);', ';'],
  ),
  inside(
    'exports/first-port-only',
    'SocketAddress',
    'does not try the ports up to to',
    'host/socket-address',
    ['const last = address.to ?? first;', 'const last = first;'],
  ),
  inside(
    'exports/read-only-untold',
    'nbd-server-add',
    'does not tell clients that an export is read-only',
    'exports/nbd/nbd-export',
    ['(this.writable ? WRITABLE : ExportFlag.readOnly)', '(this.writable ? WRITABLE : 0)'],
  ),
  inside(
    'exports/backing-as-hole',
    'nbd-server-start',
    'tells clients that what the backing file alone holds is a hole',
    'exports/nbd/nbd-export',
    [
      'const status = await contents(this.node, offset + done, length - done);',
      "const own = await this.node.io.blockStatus(offset + done, length - done);\n            const status = { kind: own.allocated && !own.zero ? 'data' : 'nothing', length: own.length };",
    ],
  ),
  inside(
    'exports/flush-ignored',
    'BlockdevCacheOptions',
    'answers flushes of NBD clients and carries none out',
    'exports/nbd/transmission',
    ['case Command.flush:\n                await io.flush();', 'case Command.flush:'],
  ),
  inside(
    'exports/below-snapshot',
    'blockdev-snapshot',
    'leaves exports on the node below its snapshot',
    'graph/external-snapshot',
    [
      'graph.replaceNode(base, overlay, [edge]);',
      "graph.replaceNode(base, overlay, [edge, ...base.parents.filter(({ role, user }) => role === 'root' && user.deviceName === '')]);",
    ],
  ),
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
    'exports/stop-goes-on-listening',
    'nbd-server-stop',
    'goes on listening where a server was that is stopped',
    SERVER,
    ['new Promise((resolve) => listener.close(() => resolve()))', 'Promise.resolve()'],
  ),
  inside(
    'exports/gone-clients-count',
    'nbd-server-remove',
    'takes an export for in use whose clients have all gone',
    'exports/nbd/transmission',
    ['this.#export.clients.delete(this);', ';'],
  ),
  inside(
    'exports/tls-in-the-clear',
    'nbd-server-start',
    'takes TLS credentials and serves in the clear',
    SERVER,
    ['{ listener, credentials, exports, sockets }', '{ listener, credentials: undefined, exports, sockets }'],
  ),
  inside(
    'exports/haggling-outlives-stop',
    'nbd-server-stop',
    'goes on talking to clients that have chosen no export when the server stops',
    'exports/nbd/nbd-export-server',
    ['        for (const socket of sockets)\n            socket.destroy();\n', ''],
  ),
  inside(
    'exports/longest-name-refused',
    'nbd-server-add',
    'refuses a name of as many bytes as the protocol allows',
    'exports/nbd/nbd-export-server',
    ['Buffer.byteLength(name) > MAX_STRING', 'Buffer.byteLength(name) >= MAX_STRING'],
  ),
  inside(
    'exports/names-in-characters',
    'nbd-server-add',
    'counts the characters of names, not their bytes',
    'exports/nbd/nbd-export-server',
    ['Buffer.byteLength(name) > MAX_STRING', 'name.length > MAX_STRING'],
  ),
  inside(
    'exports/list-in-characters',
    'nbd-server-start',
    'lists exports with the number of characters as the length of their names',
    'exports/nbd/server-handshake',
    ['pack(u32(Buffer.byteLength(name)), name)', 'pack(u32(name.length), name)'],
  ),
  inside(
    'exports/left-clients-fill',
    'nbd-server-start',
    'lets nobody in once as many clients have come as it serves at a time',
    'exports/nbd/nbd-export-server',
    ["socket.once('close', () => running.sockets.delete(socket));", ''],
  ),
  inside(
    'exports/refused-name-taken',
    'nbd-server-add',
    'takes a name for taken under which it has refused an export',
    'exports/nbd/nbd-export-server',
    [
      'exports.set(name, new NbdExport(',
      'exports.set(name, undefined);\n        exports.set(name, new NbdExport(',
    ],
  ),
  inside(
    'exports/empty-name-default',
    'nbd-server-add',
    'takes an empty name for none',
    'commands/nbd-server-add',
    ['args.name ?? device', 'args.name || device'],
  ),
  inside(
    'exports/old-option-in-the-clear',
    'nbd-server-start',
    'serves clients in the clear in spite of TLS credentials that choose an export with NBD_OPT_EXPORT_NAME',
    'exports/nbd/server-handshake',
    ['if (this.#tlsMissing() || found === undefined)', 'if (found === undefined)'],
  ),
  inside(
    'exports/range-only-ends',
    'SocketAddress',
    'tries only the first and the last port of a range',
    'host/socket-address',
    ['port < last; port += 1', 'port < Math.min(last, first + 1); port += 1'],
  ),
  inside(
    'exports/ipv6-for-ipv4',
    'SocketAddress',
    'listens by IPv6 where IPv4 alone was asked for',
    'host/socket-address',
    [
      'const only4 = ipv6 === false || (ipv4 && ipv6 === undefined);\n    const only6',
      'const only4 = ipv6 === false;\n    const only6',
    ],
  ),
  {
    id: 'exports/kept-for-next-server',
    definition: 'nbd-server-stop',
    breaks: 'has the exports of the server before when it is started anew',
    changes: [
      {
        file: 'exports/nbd/nbd-export-server',
        find: 'const exports = new Map();',
        put: 'const exports = (this.kept ??= new Map());',
      },
      { file: 'exports/nbd/nbd-export-server', find: 'exports.clear();', put: ';' },
    ],
  },
];
