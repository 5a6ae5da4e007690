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
import { PARAMETERS, parseFilename, plainFilename, protocols } from './nfs-filename.ts';
import { Access } from './nfs-protocol.ts';
import { type CacheSizes, PAGE, PageCache } from './page-cache.ts';

/** Limits that QEMU has, in pages: how far is read ahead, and how many are kept. */
const MAX_AHEAD = 256;
const MAX_PAGES = 2048;
/** Most bytes of one request of a node. */
const MAX_TRANSFER = 8 << 20;
/** The id of those who have none. */
const NOBODY = 65534;
/** Of new files: they are their owner's. */
const MODE = 0o600;

type Options = DriverOptions<'nfs'>;
type Environment = Pick<OpenEnvironment<Options>, 'clock' | 'hostWork' | 'log' | 'direct'>;

/** What the options come to. */
interface Wishes extends Place, CacheSizes {
  readonly name: string;
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
  return {
    host: server.host,
    folder: path.slice(0, cut) || '/',
    name: path.slice(cut + 1),
    user: Number(user ?? process.getuid?.() ?? NOBODY),
    group: Number(group ?? process.getgid?.() ?? NOBODY),
    clock,
    hostWork,
    log: debug > 0 ? (line) => log(`nfs: ${line}`) : () => {},
    ...cacheSizes(options, direct),
  };
}

function cacheSizes(options: Options, direct: boolean): CacheSizes {
  const size = (option: 'readahead-size' | 'page-cache-size'): number =>
    Math.max(0, Number(options[option] ?? 0));
  const ahead = size('readahead-size');
  // The schema says bytes; QEMU takes the number for one of pages.
  const pages = size('page-cache-size');
  if (direct && ahead !== 0) throw new CommandError('Cannot enable NFS readahead if cache.direct = on');
  if (direct && pages !== 0) throw new CommandError('Cannot enable NFS pagecache if cache.direct = on');
  return {
    ahead: Math.min(Math.ceil(ahead / PAGE), MAX_AHEAD),
    // Who wants to read ahead alone has them kept all the same.
    pages: Math.min(pages === 0 && ahead !== 0 ? MAX_PAGES : pages, MAX_PAGES),
  };
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

  constructor(file: NfsFile, sizes: Wishes, environment: OpenEnvironment) {
    this.#file = file;
    this.#environment = environment;
    if (sizes.pages > 0) this.#cache = new PageCache(file, sizes);
  }

  length(): number {
    return this.#file.size;
  }

  read(offset: number, buffer: Uint8Array): Promise<void> {
    return this.#ask(() => (this.#cache ?? this.#file).read(offset, buffer));
  }

  write(offset: number, data: Uint8Array): Promise<void> {
    return this.#ask(() => this.#file.write(offset, data)).finally(() => this.#cache?.clear());
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
  filenameExcludes: ['server', 'path', ...Object.values(PARAMETERS)],
  plainFilename,
  open,
  create,
};
