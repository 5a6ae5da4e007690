/** Requirements of the drivers http, https, ftp and ftps. */
import type { Requirement } from './requirement.ts';

export const curlDrivers = {
  'curl/creates-nothing': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'No image is made by a name that is a URL.',
    source: 'observation',
  },
  'curl/file-name': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'A URL is the name of a file, also where the header of an image names its backing file.',
    source: 'observation',
  },
  'curl/length': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'A server that does not tell how long its file is is refused.',
    source: 'observation',
  },
  'curl/password-secret': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'password-secret is the id of the secret with the password, none by default.',
  },
  'curl/proxy-password-secret': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'proxy-password-secret is the id of the secret with the password for the proxy, none by default.',
  },
  'curl/read-errors': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'A read that the server fails or breaks off fails, and leaves the node as usable as before.',
    source: 'observation',
  },
  'curl/read-only': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'A node that could be written is refused.',
    source: 'observation',
  },
  'curl/readahead': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'readahead is how many bytes are read ahead.',
  },
  'curl/readahead-default': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'readahead is 256 KiB by default.',
  },
  'curl/readahead-multiple': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'readahead is a multiple of 512.',
  },
  'curl/timeout': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'timeout is how many seconds connecting may take.',
  },
  'curl/timeout-default': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'timeout is 5 seconds by default.',
  },
  'curl/timeout-of-reads': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'A read for which the server takes longer than timeout fails.',
    source: 'observation',
  },
  'curl/url': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'url is where the file is: the node has its size and its data.',
  },
  'curl/username': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'username is the name for a login at the server.',
  },
  'curl/username-default': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'Without username there is no login.',
  },
  'curl/whole-sectors': {
    level: 'must',
    definition: 'BlockdevOptionsCurlBase',
    text: 'A file that ends inside a sector is as long as whole sectors, and zeroes behind its end.',
    source: 'observation',
  },
  'ftp/scheme': {
    level: 'must',
    definition: 'BlockdevOptionsCurlFtp',
    text: 'The URL has the scheme ftp.',
  },
  'ftps/scheme': {
    level: 'must',
    definition: 'BlockdevOptionsCurlFtps',
    text: 'The URL has the scheme ftps.',
  },
  'ftps/sslverify': {
    level: 'must',
    definition: 'BlockdevOptionsCurlFtps',
    text: 'sslverify is whether the certificate of the server is checked.',
  },
  'ftps/sslverify-default': {
    level: 'must',
    definition: 'BlockdevOptionsCurlFtps',
    text: 'sslverify is true by default.',
  },
  'http/cookie': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttp',
    text: 'cookie has the cookies that are sent.',
  },
  'http/cookie-and-secret': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttp',
    text: 'cookie and cookie-secret together are refused.',
    source: 'observation',
  },
  'http/cookie-default': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttp',
    text: 'Without cookie no cookies are sent.',
  },
  'http/cookie-secret': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttp',
    text: 'cookie-secret is the id of the secret with the cookies, which then are shown to nobody.',
    since: '2.10',
  },
  'http/ranges': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttp',
    text: 'What is read is asked for as ranges of the file; a server without ranges is refused.',
    source: 'observation',
  },
  'http/redirection': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttp',
    text: 'A redirection is followed.',
    source: 'observation',
  },
  'http/redirection-login': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttp',
    text: 'The login is shown to the server that was named, and to no other.',
    source: 'observation',
  },
  'http/scheme': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttp',
    text: 'The URL has the scheme http.',
  },
  'https/cookie': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttps',
    text: 'cookie has the cookies that are sent.',
  },
  'https/cookie-default': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttps',
    text: 'Without cookie no cookies are sent.',
  },
  'https/cookie-secret': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttps',
    text: 'cookie-secret is the id of the secret with the cookies, which then are shown to nobody.',
    since: '2.10',
  },
  'https/scheme': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttps',
    text: 'The URL has the scheme https.',
  },
  'https/sslverify': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttps',
    text: 'sslverify is whether the certificate of the server is checked.',
  },
  'https/sslverify-default': {
    level: 'must',
    definition: 'BlockdevOptionsCurlHttps',
    text: 'sslverify is true by default.',
  },
} as const satisfies Record<string, Requirement>;
