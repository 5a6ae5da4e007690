/**
 * The requests of a guest to a drive: each waits for the drive's limits, is accounted, and when it fails meets the error
 * policy of the device: the guest is told or not, or the machine stops and the request is made again when that goes on.
 */
import type {
  BlockDeviceIoStatus,
  BlockdevOnError,
  BlockErrorAction,
  IoOperationType,
} from '../../spec/generated/qmp.ts';
import type { Node } from '../graph/node.ts';
import { IoError } from '../host/errno.ts';
import type { Services } from '../services/services.ts';
import type { Operation } from './accounting.ts';
import type { BlockBackend } from './block-backend.ts';
import { errorAction } from './error-action.ts';

/** How a request ended, as the guest sees it. `errno`: a name such as `EIO`. */
export type GuestResult = { readonly ok: true } | { readonly ok: false; readonly errno: string };

/** What a device does about errors, where it says other than its drive (`auto`). */
export interface ErrorPolicies {
  readonly rerror?: BlockdevOnError;
  readonly werror?: BlockdevOnError;
}

/** The machine of the guest, as far as failed requests concern it. */
export interface GuestMachine {
  /** Stops it, if it runs; tells so by STOP. */
  stopForIoError(): void;
  /** Has something done each time that `cont` lets it go on, once RESUME is sent. The result takes that back. */
  onResume(callback: () => void): () => void;
}

/** What becomes of a request besides its result. */
interface Meant {
  readonly type: IoOperationType;
  /** What it counts as; absent: as nothing. */
  readonly operation?: Operation;
  readonly bytes: number;
  /** Its errors meet no policy: the guest is told, and nobody else. */
  readonly onlyGuest?: boolean;
}

const DONE: GuestResult = { ok: true };

/** The requests of one device. Offsets and lengths are in bytes. */
export class GuestIo {
  readonly #backend: BlockBackend;
  readonly #services: Services;
  readonly #machine: GuestMachine;
  readonly #policies: ErrorPolicies;
  readonly #forget: () => void;
  /** Requests that failed and wait for the machine to go on: true, to be made again. */
  #stopped: ((again: boolean) => void)[] = [];
  #status: BlockDeviceIoStatus = 'ok';

  constructor(
    backend: BlockBackend,
    services: Services,
    machine: GuestMachine,
    policies: ErrorPolicies = {},
  ) {
    this.#backend = backend;
    this.#services = services;
    this.#machine = machine;
    this.#policies = policies;
    this.#forget = machine.onResume(() => this.#resume());
  }

  /** Absent where no error stops the machine. */
  get ioStatus(): BlockDeviceIoStatus | undefined {
    const stops = this.#policy('read') === 'stop' || ['stop', 'enospc'].includes(this.#policy('write'));
    return stops ? this.#status : undefined;
  }

  /** Fills `buffer`. `onlyGuest`: an error meets no policy, only the guest is told. */
  read(offset: number, buffer: Uint8Array, { onlyGuest = false } = {}): Promise<GuestResult> {
    if (!onlyGuest && this.#isBeyond(offset, buffer.length)) return this.#invalid('rd');
    const meant: Meant = { type: 'read', operation: 'rd', bytes: buffer.length, onlyGuest };
    return this.#request(meant, (node) => node.io.read(offset, buffer));
  }

  write(offset: number, data: Uint8Array, { fua = false } = {}): Promise<GuestResult> {
    if (this.#isBeyond(offset, data.length)) return this.#invalid('wr');
    const flags = { fua: fua || !this.#backend.settings.writeback };
    return this.#request({ type: 'write', operation: 'wr', bytes: data.length }, (node) =>
      node.io.write(offset, data, flags),
    );
  }

  writeZeroes(offset: number, length: number, { mayUnmap = false } = {}): Promise<GuestResult> {
    if (this.#isBeyond(offset, length)) return this.#invalid('wr');
    const flags = { fua: !this.#backend.settings.writeback, mayUnmap };
    return this.#request({ type: 'write', operation: 'wr', bytes: length }, (node) =>
      node.io.writeZeroes(offset, length, flags),
    );
  }

  /** Counts nowhere. The range is within the medium. */
  discard(offset: number, length: number): Promise<GuestResult> {
    return this.#request({ type: 'write', bytes: length }, (node) => node.io.discard(offset, length));
  }

  /** Fails as a write does, also where there is no medium. */
  flush(): Promise<GuestResult> {
    return this.#request({ type: 'write', operation: 'flush', bytes: 0 }, (node) => node.io.flush());
  }

  /** The device is reset: requests that wait for the machine to go on are given up. */
  reset(): void {
    for (const go of this.#stopped.splice(0)) go(false);
  }

  /** The device goes. */
  close(): void {
    this.#forget();
    this.reset();
  }

  async #request(meant: Meant, run: (node: Node) => Promise<void>): Promise<GuestResult> {
    const { type, operation, bytes, onlyGuest = false } = meant;
    const { accounting } = this.#backend;
    for (;;) {
      const request = operation && accounting.begin(operation, bytes, this.#services.guestClock.now());
      const now = () => this.#services.guestClock.now();
      try {
        // Limits are of reads and writes only.
        const isLimited = operation === 'rd' || operation === 'wr';
        const node = this.#medium();
        await this.#backend.request(() => run(node), isLimited ? { direction: type, bytes } : undefined);
        request?.done(now());
        return DONE;
      } catch (error) {
        if (!(error instanceof IoError)) throw error;
        const action = onlyGuest ? 'report' : errorAction(this.#policy(type), error);
        if (!onlyGuest) this.#tell(type, action, error);
        if (action === 'ignore') {
          request?.done(now());
          return DONE;
        }
        if (action === 'report') {
          request?.failed(now());
          return { ok: false, errno: error.code };
        }
        if (!(await this.#stop(error))) return { ok: false, errno: error.code };
      }
    }
  }

  /** What the guest gets at; none in an open tray. */
  #medium(): Node {
    const { node, device } = this.#backend;
    if (!node || device?.tray?.open) throw new IoError('ENOMEDIUM');
    return node;
  }

  #policy(type: IoOperationType): BlockdevOnError {
    const { settings, isDeleted } = this.#backend;
    if (isDeleted) return 'report';
    const { rerror = 'auto', werror = 'auto' } = this.#policies;
    const own = type === 'read' ? rerror : werror;
    if (own !== 'auto') return own;
    return type === 'read' ? settings.onReadError : settings.onWriteError;
  }

  #tell(operation: IoOperationType, action: BlockErrorAction, error: IoError): void {
    const { node } = this.#backend;
    this.#services.emit('BLOCK_IO_ERROR', {
      device: this.#backend.name,
      ...(node && { 'node-name': node.name }),
      operation,
      action,
      ...(this.ioStatus === undefined ? {} : { nospace: error.code === 'ENOSPC' }),
      reason: error.message,
    });
  }

  /** Whether the request is to be made again, when the machine went on. */
  #stop(error: IoError): Promise<boolean> {
    // The first error counts.
    if (this.#status === 'ok') this.#status = error.code === 'ENOSPC' ? 'nospace' : 'failed';
    const again = new Promise<boolean>((resolve) => this.#stopped.push(resolve));
    this.#machine.stopForIoError();
    return again;
  }

  #resume(): void {
    this.#status = 'ok';
    const stopped = this.#stopped.splice(0);
    if (stopped.length === 0) return;
    // Made again when the command that lets the machine go on has been answered.
    void this.#services.hostWork.turn().then(() => {
      for (const go of stopped) go(true);
    });
  }

  #isBeyond(offset: number, length: number): boolean {
    return offset + length > (this.#backend.node?.io.length() ?? 0);
  }

  /** No error policy holds for what the guest may not ask for. */
  #invalid(operation: Operation): Promise<GuestResult> {
    this.#backend.accounting.invalid(operation, this.#services.guestClock.now());
    return Promise.resolve({ ok: false, errno: 'EIO' });
  }
}
