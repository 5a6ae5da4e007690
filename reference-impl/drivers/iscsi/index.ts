/** `iscsi`: a logical unit of an iSCSI target. */
import { CommandError } from '../../qapi/command-error.ts';
import type { CreateEnvironment, Driver, DriverState, NamedCreation, OpenEnvironment } from '../driver.ts';
import type { Credentials } from './chap.ts';
import { namedOptions, type Options, parseFilename, protocols } from './iscsi-filename.ts';
import { IscsiState } from './iscsi-state.ts';
import { TimedOut } from './link.ts';
import { LoginRefused, type Wishes } from './login.ts';
import { parsePortal, unresolved } from './portal.ts';
import { Session } from './target-session.ts';
import { checkWritable, inspect } from './unit.ts';

const DEFAULT_INITIATOR = 'iqn.2008-11.org.linux-kvm';
const SECOND = 1_000_000_000n;
/** The first byte of a session's name of which the rest is random. */
const RANDOM_NAME = 0x80;

/** Digests of headers as the protocol lists them. */
const headerDigests = {
  none: 'None',
  crc32c: 'CRC32C',
  'none-crc32c': 'None,CRC32C',
  'crc32c-none': 'CRC32C,None',
} as const;

/** What is needed to open a unit. */
type Surroundings = Pick<
  OpenEnvironment<Options>,
  'options' | 'readOnly' | 'clock' | 'random' | 'hostWork' | 'log' | 'secret' | 'guest'
>;

async function open(environment: Surroundings): Promise<DriverState> {
  const { options, readOnly, clock, hostWork, log } = environment;
  const wishes = wishesOf(environment);
  const portal = parsePortal(options.portal!);
  if (options.transport === 'iser')
    throw refused("Failed to start full connect Couldn't connect transport: Failed creating Event Channel\n");
  const session = new Session({
    portal,
    wishes,
    unit: unitName(Number(options.lun ?? 0)),
    timeout: timeoutOf(options),
    clock,
    hostWork,
  });
  try {
    await session.start();
    const unit = await inspect((task) => session.once(task), log);
    if (!readOnly) checkWritable(unit, 'LUN is write protected');
    return new IscsiState(session, unit);
  } catch (error) {
    session.close();
    throw told(error as Error, options.portal!);
  }
}

/** Throws `CommandError` for options that nobody need be asked about. */
function wishesOf({ options, secret, random, guest }: Surroundings): Wishes {
  const { transport, portal, target } = options;
  if (transport === undefined || portal === undefined || target === undefined)
    throw new CommandError('Need all of transport, portal and target options');
  const credentials = credentialsOf(options, secret);
  const ownName = guest === undefined ? DEFAULT_INITIATOR : `${DEFAULT_INITIATOR}:${guest}`;
  const { 'initiator-name': initiator = ownName } = options;
  if (initiator === '') throw new CommandError('iSCSI: Failed to create iSCSI context.');
  if (target === '')
    throw refused('iscsi_login_async failed: Trying normal connect but target name not set.');
  const isid = Buffer.alloc(6);
  isid.writeUInt32BE(random());
  isid[0] = RANDOM_NAME;
  const headerDigest = headerDigests[options['header-digest'] ?? 'none-crc32c'];
  return { initiator, target, headerDigest, credentials, isid };
}

function credentialsOf(
  { user, password, 'password-secret': id }: Options,
  secret: (id: string) => Buffer,
): Credentials | undefined {
  if (user === undefined) return undefined;
  const bytes = id === undefined ? password : secret(id);
  if (bytes === undefined) throw new CommandError('CHAP username specified but no password was given');
  return { user, password: Buffer.from(bytes) };
}

/** The unit's number as commands name it: eight bytes, of which the first two hold it. */
function unitName(lun: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(lun & 0xffff, 0);
  return bytes;
}

function timeoutOf({ timeout = 0 }: Options): bigint {
  return BigInt(Math.max(0, Number(timeout))) * SECOND;
}

function refused(why: string): CommandError {
  return new CommandError(`iSCSI: Failed to connect to LUN : ${why}`);
}

/** In QEMU's words, what kept a unit from being opened. */
function told(error: Error, portal: string): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof LoginRefused) return refused(error.message);
  if (error instanceof TimedOut || error.cause instanceof TimedOut) return refused('command timed out');
  if ('hostname' in error) return unresolved(portal);
  return refused(
    'iscsi_service failed with : iscsi_service_reconnect_if_loggedin. Can not reconnect right now.\n',
  );
}

/** A unit is there, and is as long as it is: a new image in it must have room. */
async function createNamed(environment: CreateEnvironment<NamedCreation>): Promise<void> {
  const { filename = '', size } = environment.options;
  const unit = await open({ ...environment, options: namedOptions(filename), readOnly: false });
  try {
    if (size > unit.length()) throw new CommandError('Cannot grow iSCSI devices');
  } finally {
    await unit.close();
  }
}

/** The initiator of iSCSI: a disk that a target has. */
export const iscsi: Driver<'iscsi'> = {
  kind: 'protocol',
  children: {},
  protocols,
  parseFilename,
  unlistedOptions: ['password'],
  plainFilename: () => undefined,
  open,
  createNamed,
};
