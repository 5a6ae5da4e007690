/**
 * Strings by what they name. A reference names what is live, or on purpose what is not, or is wild; a wild one is
 * made of characters that can name nothing outside the scratch folder: no slash, no colon, no dot. Hosts are always
 * loopback.
 */
import type { Json } from '../../spec/json.ts';
import { liveOf, type Role } from '../types/roles.ts';
import type { Draw } from './draw.ts';
import type { Generator } from './generator.ts';

/** Greatest length of a node name, in bytes. */
const NODE_NAME_MAX = 31;

/** Code points that some layer might treat apart; no NUL, surrogate or noncharacter, which no JSON text has. */
const ODD_CHARACTERS = [
  ...' "\'\\,=#%$&*?!@[]{}()<>|;~^`-_+',
  ...'\t\n\r\b\f\u0001\u001b\u007f',
  ...'\u0080éßŁ\u0301\u200b\u200f\u2028\ufeff\ufffd한字',
  ...'\u{1f600}\u{10000}\u{10fffd}',
];
const PLAIN = 'abcxyzABCXYZ0189-_';
const LENGTHS = [0, 1, 2, 3, 8, 15, 30, 31, 32, 33, 64, 127, 255, 256];

/** File names that are odd and yet inside the folder they are taken from. */
const ODD_NAMES = [
  'a b',
  'a,b=c',
  '%s%n',
  "it's",
  '-rf',
  'ünï',
  '#block1',
  'a\nb',
  ' ',
  '\u202e',
  'x'.repeat(255),
];
const ODD_SUFFIXES = ['/', '/.', '/x/../x', '//x', '/x/', '/a:b', '/nbd:x'];

const HOSTS = ['127.0.0.1', '::1', 'localhost', '127.0.0.2'];
/** The first two are ports on which nothing listens; the others are no port at all. */
const PORTS = ['1', '2', '0', '65536', '-1', '', 'x', '01', ' 1'];
const LOOPBACK = '127.0.0.1:1';
const SCHEMES = ['http', 'https', 'ftp', 'ftps', 'nbd', 'ssh', 'nfs', 'iscsi'];
const OBJECT_TYPES = ['throttle-group', 'iothread', 'secret', 'no-such-type', ''];
const MONITOR_LINES = ['info version', 'info block', 'info name'];

export function textGenerator(role: Role): Generator {
  const fixed = fixedTexts(role);
  return {
    generate: (draw) => (fixed === undefined ? textFor(role, draw) : draw.pick(fixed)),
    simplest: () => fixed?.[0] ?? '',
    shrink: (value: Json) =>
      fixed === undefined ? simplerTexts(value as string) : simplerOf(fixed, value as string),
  };
}

/** Whether only a few texts are ever generated for the role. */
export function isFixed(role: Role): boolean {
  return fixedTexts(role) !== undefined;
}

/** All that is generated for roles where anything else could reach outside. */
function fixedTexts(role: Role): readonly string[] | undefined {
  switch (role) {
    case 'host':
      return HOSTS;
    case 'port':
      return PORTS;
    case 'object-type':
      return OBJECT_TYPES;
    case 'command-line':
      return MONITOR_LINES;
    case 'descriptor':
      return ['no-such-descriptor'];
    case 'vsock-cid':
      return ['1'];
    default:
      return undefined;
  }
}

function textFor(role: Role, draw: Draw): string {
  if (draw.plausible) return plausible(role, draw);
  const live = liveOf(role, draw.live);
  const kind = draw.below(100);
  if (live.length > 0 && kind < (role === 'new-name' ? 8 : 55)) return draw.pick(live);
  switch (role) {
    case 'new-name':
      return kind < 75 ? newName(draw) : wild(draw);
    case 'file':
      return fileName(draw, kind);
    case 'url':
      return kind < 80 ? `${draw.pick(SCHEMES)}://${LOOPBACK}/${plain(draw, 4)}` : LOOPBACK;
    case 'text':
      return kind < 60 ? plain(draw, 1 + draw.below(12)) : wild(draw);
    default:
      return kind < 85 ? 'no-such-thing' : wild(draw);
  }
}

function plausible(role: Role, draw: Draw): string {
  const live = liveOf(role, draw.live);
  switch (role) {
    case 'new-name':
      return `q${plain(draw, 7)}`;
    case 'text':
      return plain(draw, 1 + draw.below(8));
    case 'url':
      return `${draw.pick(SCHEMES)}://${LOOPBACK}/${plain(draw, 4)}`;
    case 'file':
      return live.length > 0 ? draw.pick(live) : `${draw.live.dir}/no-such-file`;
    default:
      return live.length > 0 ? draw.pick(live) : 'no-such-thing';
  }
}

/** A node name or id, well-formed, of any length up to the limit and one beyond. */
function newName(draw: Draw): string {
  const length = draw.chance(30) ? NODE_NAME_MAX - 1 + draw.below(3) : 1 + draw.below(12);
  return `q${plain(draw, length - 1)}`;
}

function fileName(draw: Draw, kind: number): string {
  const { dir, files } = draw.live;
  if (kind < 75) return `${dir}/no-such-file`;
  if (kind < 85) return `${dir}/${draw.pick(ODD_NAMES)}`;
  if (kind < 92) return dir + draw.pick(ODD_SUFFIXES);
  if (kind < 95) return draw.pick(ODD_NAMES);
  if (kind < 98) return `json:${JSON.stringify({ driver: 'file', filename: files[0] ?? `${dir}/none` })}`;
  return wild(draw);
}

function plain(draw: Draw, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += PLAIN[draw.below(PLAIN.length)]!;
  return text;
}

/** Characters of all of Unicode, and lengths at limits; once in a while a very long one. */
function wild(draw: Draw): string {
  if (draw.chance(2)) return PLAIN[draw.below(PLAIN.length)]!.repeat(4096);
  const length = draw.pick(LENGTHS);
  if (draw.chance(40)) return plain(draw, length);
  let text = '';
  for (let i = 0; i < Math.min(length, 40); i++)
    text += draw.chance(70) ? draw.pick(ODD_CHARACTERS) : anyCharacter(draw);
  return text;
}

function anyCharacter(draw: Draw): string {
  const code = draw.chance(50) ? 0x20 + draw.below(0x2e00) : 0x1_0000 + draw.below(0x10_0000);
  const isNoncharacter = (code & 0xfffe) === 0xfffe;
  const character = isNoncharacter ? 'x' : String.fromCodePoint(code);
  return './:'.includes(character) ? 'x' : character;
}

/**
 * Shorter, then plainer. Of a text with slashes only what is after the last: the beginning of a path may name
 * something outside.
 */
function* simplerTexts(text: string): Iterable<string> {
  if (text === '') return;
  yield '';
  if (text === 'a') return;
  yield 'a';
  const slash = text.lastIndexOf('/');
  if (slash >= 0) {
    const leaf = text.slice(slash + 1).replaceAll('.', '');
    if (leaf !== '' && !leaf.includes(':')) yield leaf;
    return;
  }
  if (text.includes(':')) return;
  const points = [...text];
  for (let length = points.length >> 1; length > 0; length >>= 1) {
    yield points.slice(0, length).join('');
    yield points.slice(points.length - length).join('');
  }
  if (points.length > 1) {
    yield points.slice(0, -1).join('');
    yield points.slice(1).join('');
  }
  const flat = points.map((point) => (PLAIN.includes(point) ? point : 'a')).join('');
  if (flat !== text) yield flat;
}

/** Gives the texts before it: the lists begin with the plainest. */
function simplerOf(texts: readonly string[], text: string): Iterable<string> {
  const index = texts.indexOf(text);
  return index < 0 ? [texts[0]!] : texts.slice(0, index);
}
