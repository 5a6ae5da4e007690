/** Nodes over files of NFS servers. */
import { inside, type Saboteur } from './saboteur.ts';

const OPTIONS = 'BlockdevOptionsNfs';

/** What a client of NFS may get wrong. */
export const nfs: readonly Saboteur[] = [
  inside(
    'nfs/user-ignored',
    OPTIONS,
    'comes as the user of its process whatever user says',
    'drivers/nfs/index',
    ['user: Number(user ?? process', 'user: Number(process'],
  ),
  inside(
    'nfs/group-is-user',
    OPTIONS,
    'takes the id of the user for that of the group',
    'drivers/nfs/index',
    ['group: Number(group ??', 'group: Number(user ??'],
  ),
  inside(
    'nfs/hang-up-is-final',
    OPTIONS,
    'fails what was in flight when the server hung up',
    'drivers/nfs/rpc-session',
    ['if (this.#closing.signal.aborted || this.#givenUp)', 'if (true)'],
  ),
  inside(
    'nfs/short-read-is-end',
    OPTIONS,
    'takes a read that comes short for the end of the file',
    'drivers/nfs/nfs-file',
    ['if (isEnd) {', 'if (true) {'],
  ),
  inside(
    'nfs/short-write-forgotten',
    OPTIONS,
    'takes a write that was done in part for done',
    'drivers/nfs/nfs-client',
    ['return { count, stability:', 'return { count: data.length, stability:'],
  ),
  inside(
    'nfs/noise-behind-end',
    OPTIONS,
    'reads no zeroes behind the end of a file',
    'drivers/nfs/nfs-file',
    ['piece.fill(0, done);', 'piece.fill(1, done);'],
  ),
  inside('nfs/flush-not-sent', OPTIONS, 'flushes without a word to the server', 'drivers/nfs/index', [
    'return this.#ask(() => this.#file.flush());',
    'return Promise.resolve();',
  ]),
  inside(
    'nfs/failures-hidden',
    OPTIONS,
    'lets reads and writes that the server fails succeed',
    'drivers/nfs/nfs-file',
    ["throw new IoError('EFAULT', { cause });", ';'],
  ),
  inside(
    'nfs/resize-not-sent',
    'block_resize',
    'resizes a node and not the file on the server',
    'drivers/nfs/nfs-file',
    ['await failsByStatus(() => this.#mount.client.setSize(this.#handle, size));', ';'],
  ),
  inside('nfs/created-empty', 'BlockdevCreateOptionsNfs', 'makes images of no size', 'drivers/nfs/index', [
    'await client.setSize(file, Number(options.size));',
    ';',
  ]),
  inside('nfs/no-page-cache', OPTIONS, 'keeps nothing of what it read', 'drivers/nfs/index', [
    'if (sizes.pages > 0)',
    'if (false)',
  ]),
  inside('nfs/no-read-ahead', OPTIONS, 'does not read ahead', 'drivers/nfs/page-cache', [
    'end - first + this.#sizes.ahead',
    'end - first',
  ]),
  inside('nfs/ids-not-shown', OPTIONS, 'calls nodes by names without ids', 'drivers/nfs/nfs-filename', [
    "ids.filter((id) => id !== '').join('&')",
    "''",
  ]),
  inside(
    'nfs/unknown-parameters',
    OPTIONS,
    'takes names with parameters that there are not',
    'drivers/nfs/nfs-filename',
    ['!Object.hasOwn(PARAMETERS, name)', 'false'],
  ),
  inside(
    'nfs/group-of-names-ignored',
    OPTIONS,
    'takes no notice of gid in a name',
    'drivers/nfs/nfs-filename',
    ["gid: 'group'", "gid: 'debug'"],
  ),
  inside('nfs/links-not-followed', OPTIONS, 'takes a symbolic link for the file', 'drivers/nfs/find-file', [
    'if (type === FileType.link)',
    'if (false)',
  ]),
  inside(
    'nfs/one-fragment',
    OPTIONS,
    'takes the first fragment of a reply for all of it',
    'drivers/nfs/rpc-connection',
    ['if (mark >= LAST_FRAGMENT)', 'if (true)'],
  ),
  inside('nfs/pages-past-cache', OPTIONS, 'keeps pages where cache.direct wants none', 'drivers/nfs/index', [
    'if (direct && pages !== 0)',
    'if (false)',
  ]),
  inside(
    'nfs/sizes-unheard',
    OPTIONS,
    'reads and writes as much at once as it likes',
    'drivers/nfs/nfs-client',
    ['Math.max(FEWEST, Math.min(size, MOST))', 'MOST'],
  ),
  inside('nfs/access-for-granted', OPTIONS, 'asks nobody whether it may write', 'drivers/nfs/index', [
    'if (allowed === wanted)',
    'if (allowed >= 0)',
  ]),
  inside(
    'nfs/restart-unnoticed',
    OPTIONS,
    'does not look whether the server is another than it was',
    'drivers/nfs/unsaved-writes',
    ['write.verifier !== verifier', 'false'],
  ),
  inside(
    'nfs/links-from-the-root',
    OPTIONS,
    'follows links as if all were in the folder',
    'drivers/nfs/find-file',
    ['names.slice(0, link.at))', '[])'],
  ),
  inside('nfs/links-cut-off', OPTIONS, 'forgets what stands behind a link', 'drivers/nfs/find-file', [
    '.concat(names.slice(link.at + 1))',
    '',
  ]),
  inside('nfs/status-mixed-up', OPTIONS, 'tells a full server for a broken one', 'drivers/nfs/nfs-protocol', [
    "28: ['NOSPC', 'ENOSPC']",
    "28: ['IO', 'EIO']",
  ]),
  inside('nfs/empty-parameter', OPTIONS, 'refuses a name with an empty parameter', 'qapi/uri', [
    "return text === '' ? [] : ",
    'return ',
  ]),
  inside('nfs/never-hangs-up', OPTIONS, 'stays connected when a node is gone', 'drivers/nfs/nfs-file', [
    'this.#mount.client.close();',
    '',
  ]),
  inside('nfs/stays-where-refused', OPTIONS, 'stays connected where a file is refused', 'drivers/nfs/index', [
    'catch (error) {\n        client.close();',
    'catch (error) {',
  ]),
  inside(
    'nfs/silence-unnoticed',
    OPTIONS,
    'waits for a silent server for ever',
    'drivers/nfs/rpc-connection',
    ['this.#watch.begin();', ''],
  ),
  inside('nfs/pages-kept', OPTIONS, 'keeps pages that were written over', 'drivers/nfs/page-cache', [
    'this.#pages = new Map();\n    }',
    '}',
  ]),
];
