/** All hand-written cases against four endpoints that lie: what they are believed stands here, each with its reason. */
import { expect, test } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { reference } from '../targets/reference.ts';
import type { Target } from '../targets/target.ts';
import { breachingTarget } from '../testing/breaching-target.ts';
import { beliefIn, idle, NO, YES } from '../testing/liars.ts';
import { cases } from './index.ts';

const ECHO = 'about an id that comes back as it went out, whatever the command does';
const HABIT = 'tells a habit that the first exchanges of the run showed, and sends nothing itself';
const LISTENS =
  'about where the NBD server listens, which the liar that acts does, and which no list or event tells';
const IMAGE =
  'about the bytes of a new image, which the liar that acts writes, and which no list or event tells';
const EXPORTS = 'about exports as an NBD client sees them, which the liar that acts makes';
const DEVICES = 'about what qom-get tells, which the liar that acts tells too: it is no list';
const GUEST =
  'about what a guest finds at its ports, which the liar that acts shows, and which no list or event tells';
const ASKED = 'about who is asked at which URL, which the liar that acts does';
const PATIENCE = 'about how long a silent server is waited for, which the liar that acts does';
const REFUSED = 'about what a target is asked before it is refused, which the liar that acts asks';
const HELP = 'about the help of the human monitor, which the liar that acts gives';
const CLUSTER = 'about refusals alone: there is no cluster that could take anything';
const MONITOR = 'about further monitors by their text, on which nothing is left out';

/** What a liar passes, and why it may. */
const BELIEVED: Readonly<Record<string, string>> = {
  'SocketAddress/left-behind': LISTENS,
  'SocketAddress/left-over-socket': LISTENS,
  'SocketAddress/numeric': LISTENS,
  'SocketAddress/only-free-port': LISTENS,
  'SocketAddress/path-length': LISTENS,
  'SocketAddress/ports': LISTENS,
  'SocketAddress/range': LISTENS,
  'SocketAddress/versions-of-ip': LISTENS,
  'change-backing-file/image-by-device': IMAGE,
  'command-line/global-properties': DEVICES,
  'device_add/on-each-controller': DEVICES,
  'device_add/values-of-json': DEVICES,
  'drives/help-for-people': HELP,
  'envelope/fast-commands': HABIT,
  'envelope/messages-together': HABIT,
  'envelope/no-stray-lines': HABIT,
  'envelope/nothing-unasked': HABIT,
  'envelope/reply-members': HABIT,
  'ftp/scheme': ASKED,
  'ftp/timeout': PATIENCE,
  'ftps/scheme': ASKED,
  'ftps/timeout': PATIENCE,
  'greeting/every-connection': 'about the greetings, before which nothing can be told to do',
  'greeting/no-banner': HABIT,
  'greeting/no-events-before': HABIT,
  'greeting/shape': 'about the greeting, before which nothing can be told to do',
  'greeting/version-is-query-version': 'about a version, which nothing that is done can change',
  'http/scheme': ASKED,
  'http/timeout': PATIENCE,
  'http/timeout-default': PATIENCE,
  'https/scheme': ASKED,
  'https/timeout': PATIENCE,
  'ide/addresses-by-given-geometry': GUEST,
  'ide/form-of-disks': GUEST,
  'ide/geometry-of-partitions': GUEST,
  'ide/given-geometry': GUEST,
  'ide/guessed-geometry': GUEST,
  'image-creation/qcow2-whole-header': IMAGE,
  'introspection/offers-what-its-version-has': 'about a description that the liar gives whole',
  'introspection/schema-is-stable': 'about a description that the liar gives whole',
  'introspection/schema-names-unique': 'about a description that the liar gives whole',
  'introspection/schema-references-resolve': 'about a description that the liar gives whole',
  'introspection/schema-tags-are-enums': 'about a description that the liar gives whole',
  'iscsi/capacity-refused': REFUSED,
  'iscsi/login-answered-amiss': REFUSED,
  'iscsi/login-refused': REFUSED,
  'iscsi/timeout-while-opening': PATIENCE,
  'luks/created-at-random': IMAGE,
  'luks/created-header': IMAGE,
  'luks/creation-refused': IMAGE,
  'luks/default-iter-time': IMAGE,
  'monitors/chosen': MONITOR,
  'monitors/human': MONITOR,
  'monitors/human2': MONITOR,
  'monitors/human3': MONITOR,
  'monitors/indented': MONITOR,
  'monitors/into-a-file': MONITOR,
  'monitors/left-sockets': MONITOR,
  'monitors/plain': MONITOR,
  'monitors/pretty': MONITOR,
  'monitors/telnet': MONITOR,
  'nbd-export/human-monitor': EXPORTS,
  'nbd-export/stopped-while-it-haggles': EXPORTS,
  'negotiation/accepted': HABIT,
  'negotiation/no-events-before': HABIT,
  'nfs/creates': IMAGE,
  'qom-get/models-without-drives': DEVICES,
  'qom-get/paths': DEVICES,
  'qom-get/unnamed-controllers': DEVICES,
  'qom-get/words-of-floppies': DEVICES,
  'qom-get/words-of-ide-disks': DEVICES,
  'queries/nothing': 'about lists that are empty, as those of a liar are',
  'sessions/quit': 'about the end, which the liar that acts reaches; SHUTDOWN has a case of its own',
  'sheepdog/copies': CLUSTER,
  'sheepdog/data-strips': CLUSTER,
  'sheepdog/nobody-there': CLUSTER,
  'sheepdog/parity-strips': CLUSTER,
  'sheepdog/preallocation': CLUSTER,
  'ssh/creates': IMAGE,
  'syntax/int64-extremes': ECHO,
  'syntax/long-strings': ECHO,
  'syntax/nesting-deep': ECHO,
  'syntax/unicode': ECHO,
};

/** How many of the hand-written cases may be in the list. */
const SHARE = 0.05;

test('what liars are believed stands in the list, and all of the list is', async () => {
  // At once: they mostly wait for what a liar never does.
  const liars = [YES, NO, idle(), silent()];
  const beliefs = await Promise.all(liars.map((target) => beliefIn(target, cases, 30_000)));
  const found = new Set(beliefs.flatMap(({ believed }) => believed));
  expect([...found].toSorted()).toEqual(Object.keys(BELIEVED).toSorted());
}, 600_000);

test('few cases are in the list', () => {
  expect(Object.keys(BELIEVED).length).toBeLessThanOrEqual(SHARE * cases.length);
});

/** Does what it is told, sends no event and lists nothing. */
function silent(): Target {
  const isSchema = ([first]: readonly Json[]): boolean =>
    isJsonObject(first ?? null) && 'meta-type' in (first as JsonObject);
  return breachingTarget(reference('reference'), () => ({
    outgoing: (message) => {
      if ('event' in message) return [];
      const list = message.return;
      return [Array.isArray(list) && !isSchema(list) ? { ...message, return: [] } : message];
    },
  }));
}
