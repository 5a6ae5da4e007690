/** The way to a server over a proxy. As with libcurl, the environment of the process tells of one. */

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for this server, if there is one. */
export function proxyFor(
  { protocol, hostname }: URL,
  environment: Environment = process.env,
): URL | undefined {
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
  const excepted = (first('no_proxy', 'NO_PROXY') ?? '').split(/[\s,]+/).filter((name) => name !== '');
  if (excepted.some((name) => name === '*' || isWithin(hostname, name))) return undefined;
  // In capitals it could have been set by a client of a CGI program.
  const own = protocol === 'http:' ? first('http_proxy') : first('https_proxy', 'HTTPS_PROXY');
  const text = own ?? first('all_proxy', 'ALL_PROXY');
  if (text === undefined) return undefined;
  const url = /^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

function isWithin(hostname: string, domain: string): boolean {
  const name = domain.replace(/^\./, '').toLowerCase();
  return hostname === name || hostname.endsWith(`.${name}`);
}
