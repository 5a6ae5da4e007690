/** `ssh`: a file of an SSH server, by SFTP. */
import type { SFTPWrapper, Stats } from 'ssh2';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type {
  CreateEnvironment,
  CreateOptions,
  Driver,
  DriverOptions,
  DriverState,
  OpenEnvironment,
} from '../driver.ts';
import { former, parseFilename, protocols, uri } from './ssh-filename.ts';
import { type Done, SshSession, textOf } from './ssh-session.ts';

type Options = DriverOptions<'ssh'>;
/** What both opening and creating are given. */
type Surroundings = Pick<OpenEnvironment, 'cwd' | 'hostWork' | 'clock' | 'log'>;

/** How files are opened, as SFTP has it. */
const Access = { read: 1, write: 2, create: 8, truncate: 16 } as const;

/** An open file of a server. Offsets are in bytes; methods throw `IoError` unless they say otherwise. */
class RemoteFile {
  readonly #session: SshSession;
  readonly #handle: Buffer;
  readonly #surroundings: Surroundings;
  readonly #server: string;
  size: number;
  #lacksSync = false;

  private constructor(
    session: SshSession,
    handle: Buffer,
    size: number,
    { server }: Options,
    surroundings: Surroundings,
  ) {
    this.#session = session;
    this.#handle = handle;
    this.size = size;
    this.#server = `${server?.host}:${server?.port}`;
    this.#surroundings = surroundings;
  }

  /** `access`: a set of `Access`. Throws `CommandError`. */
  static open(options: Options, access: number, surroundings: Surroundings): Promise<RemoteFile> {
    return surroundings.hostWork.trackPeer(async () => {
      const { server, path } = options;
      if (server === undefined) throw new CommandError("Parameter 'server' is missing");
      if (path === undefined) throw new CommandError("Parameter 'path' is missing");
      const session = await SshSession.open(options, surroundings);
      try {
        const handle = await session
          .request<Buffer>((sftp, done) => sftp.open(path, access, 0o644, done))
          .catch(refuse(`failed to open remote file '${path}'`));
        const size = await session
          .request<Stats>((sftp, done) => sftp.fstat(handle, done))
          .then(sizeOf)
          .catch(refuse('failed to read file attributes'));
        return new RemoteFile(session, handle, size, options, surroundings);
      } catch (error) {
        session.close();
        throw error;
      }
    });
  }

  /** What lies beyond the end of the file reads as zeroes. A server may give less than it was asked for. */
  async read(offset: number, target: Uint8Array): Promise<void> {
    const buffer = asBuffer(target);
    for (let at = 0; at < buffer.length; ) {
      const got = await this.#readSome(offset + at, buffer.subarray(at));
      if (got === 0) buffer.fill(0, at);
      at += got || buffer.length;
    }
  }

  /** How many bytes came; 0 at the end of the file, which the library tells of so. */
  #readSome(offset: number, target: Buffer): Promise<number> {
    return this.#request<number>((sftp, done) =>
      sftp.read(this.#handle, target, 0, target.length, offset, (error, count) => done(error, count)),
    );
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const buffer = asBuffer(data);
    await this.#request<void>((sftp, done) =>
      sftp.write(this.#handle, buffer, 0, buffer.length, offset, (error) => done(error)),
    );
    this.size = Math.max(this.size, offset + buffer.length);
  }

  /** Throws `CommandError`. */
  async grow(size: number): Promise<void> {
    try {
      await this.write(size - 1, new Uint8Array(1));
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      throw new CommandError(`Failed to grow file: ${textOf(error.cause as Error)}`);
    }
  }

  /** A server that cannot is told of once, and trusted. */
  async sync(): Promise<void> {
    if (this.#lacksSync) return;
    try {
      await this.#request<void>((sftp, done) => sftp.ext_openssh_fsync(this.#handle, (error) => done(error)));
    } catch (error) {
      if (!isUnsupported((error as IoError).cause)) throw error;
      this.#lacksSync = true;
      this.#surroundings.log(`warning: ssh server ${this.#server} does not support fsync`);
    }
  }

  close(): void {
    // A server that is left closes what was open.
    this.#session.close();
  }

  async #request<T>(send: (sftp: SFTPWrapper, done: Done<T>) => void): Promise<T> {
    try {
      return await this.#surroundings.hostWork.trackPeer(() => this.#session.request(send));
    } catch (error) {
      throw new IoError('EIO', { cause: error });
    }
  }
}

function sizeOf(attributes: Stats | undefined): number {
  const size: unknown = attributes?.size;
  if (!Number.isSafeInteger(size)) throw new Error('server tells no size');
  return size as number;
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function refuse(what: string): (error: Error) => never {
  return (error) => {
    throw new CommandError(`${what}: ${textOf(error)}`);
  };
}

/** The library says so itself where the server does not list what is asked for. */
function isUnsupported(error: unknown): boolean {
  return (error as Error).message === 'Server does not support this extended request';
}

async function open(environment: OpenEnvironment<Options>): Promise<DriverState> {
  const { options, readOnly, reference } = environment;
  const file = await RemoteFile.open(
    options,
    readOnly ? Access.read : Access.read | Access.write,
    environment,
  );
  return {
    length: () => file.size,
    growable: true,
    read: (offset, buffer) => file.read(offset, buffer),
    write: (offset, data) => file.write(offset, data),
    flush: () => file.sync(),
    truncate: async (length) => {
      if (length < file.size) throw new CommandError('ssh driver does not support shrinking files');
      if (length > file.size) await file.grow(length);
    },
    setReadOnly: () =>
      Promise.reject(
        new CommandError(`Block format 'ssh' used by node '${reference()}' does not support reopening files`),
      ),
    close: () => {
      file.close();
      return Promise.resolve();
    },
  };
}

/** What was in the file is gone, also where it cannot be made as long as wanted. */
async function create(environment: CreateEnvironment<CreateOptions<'ssh'>>): Promise<void> {
  const { location, size } = environment.options;
  const access = Access.read | Access.write | Access.create | Access.truncate;
  const file = await RemoteFile.open(location, access, environment);
  try {
    if (Number(size) > file.size) await file.grow(Number(size));
  } finally {
    file.close();
  }
}

/** A file of an SSH server. */
export const ssh: Driver<'ssh'> = {
  kind: 'protocol',
  children: {},
  protocols,
  parseFilename,
  former,
  filenameExcludes: ['server', 'path', 'user'],
  plainFilename: uri,
  open,
  create,
};
