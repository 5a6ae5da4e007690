/** `nfs`: a file of an NFS server, reached without the host's own client (version 3, TCP). */
import { errnoText, IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type {
  CreateEnvironment,
  CreateOptions,
  Driver,
  DriverOptions,
  DriverState,
  OpenEnvironment,
} from '../driver.ts';
import { findFile } from './find-file.ts';
import { type Mount, mount, type Place } from './mount.ts';
import type { Handle } from './nfs-client.ts';
import { failsByStatus, NfsFile } from './nfs-file.ts';
import { parseFilename, plainFilename, protocols } from './nfs-filename.ts';
import { Access } from './nfs-protocol.ts';
import { PageCache } from './page-cache.ts';

/** Limits that QEMU has: bytes, pages of 4096 bytes, a level. */
const MAX_READ_AHEAD = 1 << 20;
const MAX_PAGES = 2048;
const MAX_DEBUG = 2;
/** Pages that are kept for those who only want to read ahead, in terms of how far. */
const PAGES_PER_AHEAD = 2 / 4096;
const FEWEST_PAGES = 16;
/** Most bytes of one request of a node. */
const MAX_TRANSFER = 8 << 20;
/** Of new files: they are their owner's. */
const MODE = 0o600;

type Options = DriverOptions<'nfs'>;
type Environment = Pick<OpenEnvironment<Options>, 'clock' | 'hostWork' | 'log' | 'direct'>;

/** What the options come to. */
interface Wishes extends Place {
  readonly name: string;
  readonly pages: number;
  readonly readAhead: number;
}

async function open(environment: OpenEnvironment<Options>): Promise<DriverState> {
  const { options, readOnly, hostWork } = environment;
  const wishes = wishesOf(options, environment);
  const file = await hostWork.trackPeer(() => openFile(wishes, readOnly));
  return new NfsState(file, wishes, environment);
}

function wishesOf(options: Options, { direct, log, clock, hostWork }: Environment): Wishes {
  const { server, path, user, group, debug = 0 } = options;
  if (server === undefined) throw new CommandError("Parameter 'server' is missing");
  if (path === undefined) throw new CommandError("Parameter 'path' is missing");
  const cut = path.lastIndexOf('/');
  if (cut < 0) throw new CommandError('Invalid URL specified');
  if (debug > MAX_DEBUG) log(`warning: Limiting NFS debug level to ${MAX_DEBUG}`);
  return {
    host: server.host,
    folder: path.slice(0, cut) || '/',
    name: path.slice(cut + 1),
    user: asId(user ?? process.getuid?.()),
    group: asId(group ?? process.getgid?.()),
    clock,
    hostWork,
    log: debug > 0 ? (line) => log(`nfs: ${line}`) : () => {},
    ...cacheSizes(options, direct, log),
  };
}

/** An id of 32 bits; that of nobody where the process has none. */
const asId = (id: number | bigint = 65534): number => Number(BigInt.asUintN(32, BigInt(id)));

function cacheSizes(options: Options, direct: boolean, log: (line: string) => void) {
  const ahead = Number(options['readahead-size'] ?? 0);
  const pages = Number(options['page-cache-size'] ?? 0);
  if (direct && ahead !== 0) throw new CommandError('Cannot enable NFS readahead if cache.direct = on');
  if (direct && pages !== 0) throw new CommandError('Cannot enable NFS pagecache if cache.direct = on');
  if (ahead > MAX_READ_AHEAD) log(`warning: Truncating NFS readahead size to ${MAX_READ_AHEAD}`);
  // The schema says bytes; QEMU takes the number for one of pages.
  if (pages > MAX_PAGES) log(`warning: Truncating NFS pagecache size to ${MAX_PAGES} pages`);
  const readAhead = Math.max(0, Math.min(ahead, MAX_READ_AHEAD));
  const forAhead = readAhead > 0 ? Math.max(FEWEST_PAGES, readAhead * PAGES_PER_AHEAD) : 0;
  return { readAhead, pages: Math.max(0, Math.min(pages, MAX_PAGES)) || forAhead };
}

async function openFile(wishes: Wishes, readOnly: boolean): Promise<NfsFile> {
  const mounted = await mount(wishes);
  const { client, root } = mounted;
  try {
    const path = `/${wishes.name}`;
    const handle = await during('Failed to open file : open call', async () => {
      const found = await findFile(client, { handle: root, folder: wishes.folder }, wishes.name);
      await assertAccess(mounted, found, readOnly, path);
      return found;
    });
    const { size } = await during('Failed to fstat file: stat call', () => client.attributes(handle));
    if (size > Number.MAX_SAFE_INTEGER)
      throw new CommandError(`Could not get image size: ${errnoText('EFBIG')}`);
    return new NfsFile(mounted, handle, Number(size));
  } catch (error) {
    client.close();
    throw error;
  }
}

async function assertAccess({ client }: Mount, file: Handle, readOnly: boolean, path: string): Promise<void> {
  const wanted = Access.read | (readOnly ? 0 : Access.modify);
  const allowed = (await client.access(file, wanted, path)) & wanted;
  if (allowed === wanted) return;
  throw new Error(`NFS: ACCESS denied. Required access ${rights(wanted)}. Allowed access ${rights(allowed)}`);
}

const rights = (access: number): string =>
  `${access & Access.read ? 'r' : '-'}${access & Access.modify ? 'w' : '-'}-`;

/** A failure is told in QEMU's words. */
async function during<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CommandError(`${what} failed with "${(error as Error).message}"`);
  }
}

class NfsState implements DriverState {
  readonly #file: NfsFile;
  readonly #cache: PageCache | undefined;
  readonly #environment: OpenEnvironment;
  readonly growable = true;
  readonly limits = { maxTransfer: MAX_TRANSFER };

  constructor(file: NfsFile, { pages, readAhead }: Wishes, environment: OpenEnvironment) {
    this.#file = file;
    this.#environment = environment;
    if (pages > 0) this.#cache = new PageCache(file, { pages, readAhead });
  }

  length(): number {
    return this.#file.size;
  }

  read(offset: number, buffer: Uint8Array): Promise<void> {
    return this.#ask(() => (this.#cache ?? this.#file).read(offset, buffer));
  }

  write(offset: number, data: Uint8Array): Promise<void> {
    const write = (): Promise<void> => this.#file.write(offset, data);
    return this.#ask(() => this.#cache?.change(offset, data.length, write) ?? write());
  }

  flush(): Promise<void> {
    return this.#ask(() => this.#file.flush());
  }

  async truncate(length: number): Promise<void> {
    try {
      await this.#ask(() => this.#file.resize(length));
    } catch (error) {
      throw error instanceof IoError ? new CommandError(`Failed to truncate file: ${error.message}`) : error;
    } finally {
      this.#cache?.clear();
    }
  }

  allocatedSize(): number {
    return this.#file.used();
  }

  setReadOnly(readOnly: boolean): Promise<void> {
    // The server was asked for no more than it was opened for; QEMU does not ask again.
    return readOnly
      ? Promise.resolve()
      : Promise.reject(new CommandError('Cannot open a read-only mount as read-write'));
  }

  close(): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }

  #ask(work: () => Promise<void>): Promise<void> {
    return this.#environment.hostWork.trackPeer(work);
  }
}

/** Makes a file of zeroes; one that is there loses what it held. */
async function create(environment: CreateEnvironment<CreateOptions<'nfs'>>): Promise<void> {
  const { options, hostWork, clock, log } = environment;
  const wishes = wishesOf(options.location, { clock, hostWork, log, direct: false });
  await hostWork.trackPeer(async () => {
    const { client, root } = await mount(wishes);
    try {
      const file = await during('Failed to create file: creat call', () =>
        client.create(root, wishes.name, MODE, `/${wishes.name}`),
      );
      await failsByStatus(async () => {
        await client.setSize(file, 0);
        await client.setSize(file, Number(options.size));
      });
    } finally {
      client.close();
    }
  });
}

/** Files of NFS servers. */
export const nfs: Driver<'nfs'> = {
  kind: 'protocol',
  children: {},
  protocols,
  parseFilename,
  filenameExcludes: [
    'server',
    'path',
    'user',
    'group',
    'tcp-syn-count',
    'readahead-size',
    'page-cache-size',
    'debug',
  ],
  plainFilename,
  open,
  create,
};
