/** Saboteurs of the driver ssh: whom it trusts and comes in as, what it reads and writes, and what it makes. */
import { inside, type Saboteur } from './saboteur.ts';

const DRIVER = 'drivers/ssh/index';
const CHECK = 'drivers/ssh/host-key-check';
const SESSION = 'drivers/ssh/ssh-session';
const NAMES = 'drivers/ssh/ssh-filename';
const OPTIONS = 'BlockdevOptionsSsh';
const CREATE = 'BlockdevCreateOptionsSsh';

export const sshNodes: readonly Saboteur[] = [
  inside('ssh-nodes/hash-not-checked', OPTIONS, 'takes a server whose key has another digest', CHECK, [
    'if (plain === digest)',
    'if (true)',
  ]),
  inside('ssh-nodes/hash-by-length', OPTIONS, 'takes any digest of the right length', CHECK, [
    'if (plain === digest)',
    'if (plain.length === digest.length)',
  ]),
  inside('ssh-nodes/hash-always-md5', OPTIONS, 'makes each digest by MD5', CHECK, [
    'createHash(type)',
    "createHash('md5')",
  ]),
  inside('ssh-nodes/unknown-host-taken', OPTIONS, 'takes a server that known_hosts does not know', CHECK, [
    "if (standing === 'known')",
    "if (standing !== 'changed')",
  ]),
  inside('ssh-nodes/check-off-by-default', OPTIONS, 'takes any server without host-key-check', CHECK, [
    "if (option?.mode === 'none')",
    "if (option === undefined || option.mode === 'none')",
  ]),
  inside('ssh-nodes/none-wants-known', OPTIONS, 'wants a server to be known in the mode none too', CHECK, [
    "if (option?.mode === 'none')",
    'if (false)',
  ]),
  inside('ssh-nodes/user-ignored', OPTIONS, 'comes in as the local user, whoever was named', SESSION, [
    'user = localUser() } = where;',
    'other = localUser(), user = other } = { server: where.server };',
  ]),
  inside('ssh-nodes/nobody-by-default', OPTIONS, 'comes in as nobody where no user is named', SESSION, [
    'user = localUser() } = where;',
    "user = 'nobody' } = where;",
  ]),
  inside('ssh-nodes/write-elsewhere', OPTIONS, 'writes a sector behind where it should', DRIVER, [
    'buffer.length, offset, (error) => done(error)',
    'buffer.length, offset + 512, (error) => done(error)',
  ]),
  inside(
    'ssh-nodes/write-error-swallowed',
    OPTIONS,
    'takes a write that failed for one that did not',
    DRIVER,
    ['buffer.length, offset, (error) => done(error)', 'buffer.length, offset, () => done()'],
  ),
  inside(
    'ssh-nodes/read-error-swallowed',
    OPTIONS,
    'takes a read that failed for the end of the file',
    DRIVER,
    ['(error, count) => done(error, count)', '(_error, count) => done(null, count ?? 0)'],
  ),
  inside(
    'ssh-nodes/rest-from-the-start',
    OPTIONS,
    'asks for the rest of a read from its start again',
    DRIVER,
    ['this.#readSome(offset + at,', 'this.#readSome(offset,'],
  ),
  inside('ssh-nodes/rest-not-asked-for', OPTIONS, 'takes what came first for all that there is', DRIVER, [
    'at += got || buffer.length;',
    'at = buffer.length;',
  ]),
  inside(
    'ssh-nodes/stale-behind-end',
    OPTIONS,
    'leaves behind the end of the file what was in the buffer',
    DRIVER,
    ['buffer.fill(0, at);', 'buffer.fill(1, at);'],
  ),
  inside('ssh-nodes/flush-not-sent', OPTIONS, 'keeps flushes to itself', DRIVER, [
    'flush: () => file.sync(),',
    'flush: () => Promise.resolve(),',
  ]),
  inside(
    'ssh-nodes/flush-error-swallowed',
    OPTIONS,
    'takes a flush that failed for one that nobody knows',
    DRIVER,
    ['if (!isUnsupported(error.cause))', 'if (false)'],
  ),
  inside('ssh-nodes/flush-must-be-known', OPTIONS, 'fails flushes that the server does not know', DRIVER, [
    'if (!isUnsupported(error.cause))',
    'if (true)',
  ]),
  inside('ssh-nodes/reading-opened-to-write', OPTIONS, 'opens what is only read to be written', DRIVER, [
    'readOnly ? Access.read : Access.read | Access.write,',
    'Access.read | Access.write,',
  ]),
  inside('ssh-nodes/hash-as-written', OPTIONS, 'wants a digest in small letters without colons', CHECK, [
    'if (plain === digest)',
    'if (hash === digest)',
  ]),
  inside('ssh-nodes/resize-does-nothing', OPTIONS, 'resizes the node and not the file', DRIVER, [
    'await this.write(size - 1, new Uint8Array(1));',
    'this.size = size;',
  ]),
  inside('ssh-nodes/shrinks', OPTIONS, 'makes a node shorter', DRIVER, [
    "throw new CommandError('ssh driver does not support shrinking files');",
    'file.size = length;',
  ]),
  inside('ssh-nodes/length-not-followed', OPTIONS, 'forgets that a write made the file longer', DRIVER, [
    'this.size = Math.max(this.size, offset + buffer.length);',
    '',
  ]),
  inside('ssh-nodes/opening-makes', OPTIONS, 'makes the file that it shall open', DRIVER, [
    'Access.read | Access.write, environment);',
    'Access.read | Access.write | Access.create, environment);',
  ]),
  inside('ssh-nodes/server-gone-swallowed', OPTIONS, 'reads nothing of a server that has gone', DRIVER, [
    "throw new IoError('EIO', { cause: error });",
    "if (typeof error.code !== 'number')\n                return 0;\n            throw new IoError('EIO', { cause: error });",
  ]),
  inside('ssh-nodes/create-keeps-content', CREATE, 'leaves in a new image what was there', DRIVER, [
    'Access.create | Access.truncate;',
    'Access.create;',
  ]),
  inside('ssh-nodes/create-without-size', CREATE, 'makes new images empty', DRIVER, [
    'if (Number(size) > file.size)',
    'if (false)',
  ]),
  inside('ssh-nodes/name-without-user', OPTIONS, 'ignores the user in a file name', NAMES, [
    "...(user === undefined ? {} : { user: user.split(':')[0] }),",
    '',
  ]),
  inside('ssh-nodes/name-without-check', OPTIONS, 'takes any server whatever a file name says', NAMES, [
    "return { mode: 'hash', type: type, hash };",
    "return { mode: 'none' };",
  ]),
  inside(
    'ssh-nodes/called-by-nobody',
    'BlockdevOptionsSsh',
    'calls nodes of its own user by another',
    NAMES,
    ["user = localUser(), 'host", "user = 'nobody', 'host"],
  ),
  inside('ssh-nodes/never-hangs-up', OPTIONS, 'stays connected when a node is gone', DRIVER, [
    'this.#session.close();',
    'void 0;',
  ]),
  inside('ssh-nodes/silence-unnoticed', OPTIONS, 'waits for a silent server for ever', SESSION, [
    'this.#watch.begin();',
    '',
  ]),
  inside('ssh-nodes/any-check-in-names', 'BlockdevOptionsSsh', 'takes any host_key_check in a name', NAMES, [
    'throw new CommandError(`unknown host_key_check setting (${setting})`);',
    "return { mode: 'none' };",
  ]),
];
