/** Saboteurs of the drivers http, https, ftp and ftps: what they ask for, show and believe. */
import { inside, type Saboteur } from './saboteur.ts';

const HTTP = 'drivers/url/http-file';
const FTP = 'drivers/url/ftp-file';
const READS = 'drivers/url/read-ahead';
const SETTINGS = 'drivers/url/url-options';
const DRIVER = 'drivers/url/index';
const BASE = 'BlockdevOptionsCurlBase';
const OVER_HTTP = 'BlockdevOptionsCurlHttp';

export const urlNodes: readonly Saboteur[] = [
  inside('url-nodes/connections-kept', BASE, 'keeps connections of nodes that are gone', HTTP, [
    'this.#connections.destroy();',
    '',
  ]),
  inside('url-nodes/ftp-connections-kept', BASE, 'keeps connections of nodes that are gone', FTP, [
    'finally {\n            client.close();',
    'finally {\n            ',
  ]),
  inside('url-nodes/neighbour-forgotten', BASE, 'forgets two ranges where it uses one', READS, [
    'this.#ranges.splice(at, 1)',
    'this.#ranges.splice(at, 2)',
  ]),
  inside('url-nodes/reads-past-end', BASE, 'looks ahead beyond the end of the file', READS, [
    'Math.min(length + readahead, whole - offset)',
    'length + readahead',
  ]),
  inside('url-nodes/delete-taken', BASE, 'takes a URL with a control character', SETTINGS, [
    "|| char === '\\x7f'",
    '',
  ]),
  inside('url-nodes/cookie-not-sent', OVER_HTTP, 'sends no cookies', HTTP, [
    '...(cookie === undefined || target.hostname !== url.hostname ? {} : { cookie: asHeader(cookie) }),',
    '',
  ]),
  inside(
    'url-nodes/hang-up-waited-out',
    OVER_HTTP,
    'waits for an answer after the server has hung up',
    HTTP,
    [
      'throw asTransferError(error, target);',
      'if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));\n            throw signal.reason;',
    ],
  ),
  inside('url-nodes/asks-again-for-ever', OVER_HTTP, 'asks again where the server hangs up, for ever', HTTP, [
    'if (request.reusedSocket && isHangUp(error))',
    'if (isHangUp(error))',
  ]),
  inside(
    'url-nodes/cookie-only-at-first',
    OVER_HTTP,
    'sends cookies only until the server has answered',
    HTTP,
    ['cookie === undefined ||', 'cookie === undefined || (this.asked = (this.asked ?? 0) + 1) > 1 ||'],
  ),
  inside('url-nodes/both-cookies', OVER_HTTP, 'takes cookie and cookie-secret together', SETTINGS, [
    "if (cookie !== undefined)\n        throw new CommandError('curl driver cannot handle both cookie and cookie secret');",
    '',
  ]),
  inside('url-nodes/login-not-sent', BASE, 'shows no login', HTTP, [
    '...(shown === undefined ? {} : { authorization: basic(shown) }),',
    '',
  ]),
  inside('url-nodes/password-not-sent', BASE, 'shows the name without its password', SETTINGS, [
    "passwordSecret === undefined ? '' : secret(passwordSecret).toString()",
    "passwordSecret === undefined ? '' : (secret(passwordSecret), '')",
  ]),
  inside('url-nodes/login-shown-on', OVER_HTTP, 'shows the login wherever it is sent on to', HTTP, [
    'target.origin === url.origin ? login : loginOf(target)',
    'login',
  ]),
  inside('url-nodes/range-one-more', OVER_HTTP, 'asks for one byte more than it wants', HTTP, [
    'offset + length - 1',
    'offset + length',
  ]),
  inside('url-nodes/other-ranges-taken', OVER_HTTP, 'takes any range for the one it asked for', HTTP, [
    'if (!beginsWith(range, answer))',
    'if (false)',
  ]),
  inside(
    'url-nodes/server-name-not-told',
    'BlockdevOptionsCurlHttps',
    'does not tell a server by which name it is asked',
    'drivers/url/connections',
    ["isIP(host) === 0 ? host : ''", "''"],
  ),
  inside(
    'url-nodes/not-asked-again',
    OVER_HTTP,
    'gives up when a server ends a connection that it kept',
    HTTP,
    ['request.reusedSocket && isHangUp(error)', 'false'],
  ),
  inside('url-nodes/no-ranges-taken', OVER_HTTP, 'takes a server that gives no ranges', HTTP, [
    "if (String(headers['accept-ranges'] ?? '').trim() !== 'bytes')",
    'if (false)',
  ]),
  inside('url-nodes/no-length-taken', BASE, 'takes a file of no known length for an empty one', HTTP, [
    'if (!/^\\d+$/.test(length))',
    'if (false)',
  ]),
  inside('url-nodes/redirection-not-followed', OVER_HTTP, 'follows no redirection', HTTP, [
    'status >= 300 && status < 400 && location !== undefined',
    'false',
  ]),
  inside('url-nodes/status-ignored', BASE, 'takes what comes with an error for the file', HTTP, [
    'if (!isRedirection && status < 400)',
    'if (!isRedirection)',
  ]),
  inside('url-nodes/failure-remembered', BASE, 'fails reads where one has failed for ever', READS, [
    'range.fail(error);\n            this.#forget(range);',
    'range.fail(error);',
  ]),
  inside('url-nodes/one-read-at-a-time', BASE, 'fetches nothing while something is fetched', READS, [
    'const MOST = 8;',
    'const MOST = 1;',
  ]),
  inside('url-nodes/readahead-ignored', BASE, 'fetches what is read and no more', READS, [
    'Math.min(length + readahead, whole - offset)',
    'length',
  ]),
  inside('url-nodes/nothing-kept', BASE, 'forgets what it has fetched', READS, [
    'this.#ranges.find((range) => range.covers({ offset, length }))',
    'undefined',
  ]),
  inside('url-nodes/reads-wait-for-ever', BASE, 'has no timeout for reads', READS, [
    'within(this.#waiting, this.#options.timeout,',
    'within(this.#waiting, 0,',
  ]),
  inside('url-nodes/end-not-zeroed', BASE, 'reads something behind the end of the file', READS, [
    'target.fill(0, length);',
    'target.fill(0xaa, length);',
  ]),
  inside('url-nodes/readahead-unaligned', BASE, 'takes any readahead', SETTINGS, [
    'if (Number(readahead) % SECTOR !== 0)',
    'if (false)',
  ]),
  inside('url-nodes/readahead-default', BASE, 'reads 64 KiB ahead by default', SETTINGS, [
    'const READAHEAD = 256 * 1024;',
    'const READAHEAD = 64 * 1024;',
  ]),
  inside('url-nodes/timeout-ignored', BASE, 'waits for ever for a server when it opens', DRIVER, [
    'within(environment, timeout, (signal)',
    'within(environment, 0, (signal)',
  ]),
  inside('url-nodes/timeout-default', BASE, 'waits 3 seconds by default', SETTINGS, [
    'const TIMEOUT = 5;',
    'const TIMEOUT = 3;',
  ]),
  inside('url-nodes/timeout-any', BASE, 'takes any timeout', SETTINGS, [
    'if (timeout < 0 || timeout > MAX_TIMEOUT)',
    'if (false)',
  ]),
  inside('url-nodes/sslverify-ignored', 'BlockdevOptionsCurlHttps', 'trusts every server', SETTINGS, [
    'verify: options.sslverify ?? true',
    'verify: false',
  ]),
  inside('url-nodes/sslverify-off', 'BlockdevOptionsCurlFtps', 'trusts every server by default', SETTINGS, [
    'options.sslverify ?? true',
    'options.sslverify ?? false',
  ]),
  inside(
    'url-nodes/sslverify-always',
    'BlockdevOptionsCurlHttps',
    'trusts no server of its own word',
    SETTINGS,
    ['verify: options.sslverify ?? true', 'verify: true'],
  ),
  inside('url-nodes/any-scheme', BASE, 'takes URLs of any scheme', SETTINGS, [
    'if (!text.startsWith(',
    'if (false && !text.startsWith(',
  ]),
  inside('url-nodes/writable-taken', BASE, 'opens a node that could be written', DRIVER, [
    'if (!readOnly)',
    'if (false)',
  ]),
  inside('url-nodes/names-mean-nothing', BASE, 'does not take the name of a file for its URL', DRIVER, [
    'parseFilename: (url) => ({ url }),',
    'parseFilename: () => ({}),',
  ]),
  inside(
    'url-nodes/ftp-login-ignored',
    'BlockdevOptionsCurlFtp',
    'comes as anybody, whoever was named',
    FTP,
    ['...login, secure,', 'secure,'],
  ),
  inside(
    'url-nodes/ftp-from-the-start',
    'BlockdevOptionsCurlFtp',
    'fetches the start of a file for any part of it',
    FTP,
    ['this.#path, offset)', 'this.#path, 0)'],
  ),
  inside('url-nodes/ftp-waits-for-ever', 'BlockdevOptionsCurlFtp', 'waits for ever for a server', FTP, [
    'await unlessEnded(signal, worked())',
    'await worked()',
  ]),
];
