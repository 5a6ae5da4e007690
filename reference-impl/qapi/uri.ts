/** URIs as file names of several protocols are. What strays from RFC 3986 is none. */
import { percentDecoded } from './percent.ts';

/** What a URI says, percent signs resolved. */
export interface Uri {
  readonly scheme: string;
  readonly user: string | undefined;
  /** With the brackets of an address of IPv6; empty if there is none. */
  readonly host: string;
  /** 0 if there is none. */
  readonly port: number;
  readonly path: string;
  /** Those that have a name; undefined: it says no value. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

const LETTER = "(?:[\\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})";
const PATTERN = new RegExp(
  '^(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):' +
    `(?://(?:(?<user>(?:${LETTER}|:)*)@)?(?<host>\\[[^\\]]*\\]|${LETTER}*)(?::(?<port>\\d+))?(?=[/?#]|$)|(?!//))` +
    `(?<path>(?:${LETTER}|[:@/])*)(?:\\?(?<query>(?:${LETTER}|[:@/?])*))?(?:#(?:${LETTER}|[:@/?])*)?$`,
);
const MAX_PORT = 65535;

/** Undefined for a text that is no URI. */
export function parseUri(text: string): Uri | undefined {
  const groups = PATTERN.exec(text)?.groups;
  if (groups === undefined || percentDecoded(text) === undefined) return undefined;
  const { scheme, user, host = '', port = '0', path, query = '' } = groups;
  if (Number(port) > MAX_PORT) return undefined;
  return {
    scheme: scheme!,
    user: user === undefined ? undefined : decodeURIComponent(user),
    host: decodeURIComponent(host),
    port: Number(port),
    path: decodeURIComponent(path!),
    parameters: query.split(/[&;]/).flatMap(parameter),
  };
}

function parameter(text: string): Uri['parameters'] {
  const equals = text.indexOf('=');
  if (equals < 0) return text === '' ? [] : [[decodeURIComponent(text), undefined]];
  const name = decodeURIComponent(text.slice(0, equals));
  return name === '' ? [] : [[name, decodeURIComponent(text.slice(equals + 1))]];
}
