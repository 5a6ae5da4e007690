/**
 * What happens when an image turns out to be broken: nothing that would overwrite metadata is written, the image is
 * marked corrupt, the endpoint is told once, and no further request is served.
 */
import { IoError } from '../../host/errno.ts';
import type { CorruptionReport } from '../driver.ts';
import { type Header, Incompatible } from './header.ts';

/** Metadata that a write could hit; in the order in which an overlap is named. */
export const sections = {
  'main-header': 'qcow2_header',
  'active-l1': 'active L1 table',
  'active-l2': 'active L2 table',
  'refcount-table': 'refcount table',
  'refcount-block': 'refcount block',
  'snapshot-table': 'snapshot table',
  'inactive-l1': 'inactive L1 table',
  'inactive-l2': 'inactive L2 table',
} as const;

export type Section = keyof typeof sections;

/** Finds out whether bytes `offset` to `offset + length` of the file hold metadata of one section. */
export type OverlapTest = (offset: number, length: number) => boolean | Promise<boolean>;

export class Corruption {
  readonly #header: Header;
  readonly #writable: () => boolean;
  readonly #report: (report: CorruptionReport) => void;
  readonly #writeHeader: () => Promise<void>;
  #checked: ReadonlyMap<Section, OverlapTest> = new Map();
  #reported = false;
  #dead = false;

  constructor(
    header: Header,
    writable: () => boolean,
    report: (report: CorruptionReport) => void,
    writeHeader: () => Promise<void>,
  ) {
    this.#header = header;
    this.#writable = writable;
    this.#report = report;
    this.#writeHeader = writeHeader;
  }

  /** True after a fatal corruption: every request fails. */
  get dead(): boolean {
    return this.#dead;
  }

  /** The image was found or marked corrupt. */
  get marked(): boolean {
    return (this.#header.incompatible & BigInt(Incompatible.corrupt)) !== 0n;
  }

  /** Guards these sections and no others from now on. */
  guard(tests: ReadonlyMap<Section, OverlapTest>): void {
    this.#checked = tests;
  }

  /** Throws after a fatal corruption. */
  assertUsable(): void {
    if (this.#dead) throw new IoError('EIO');
  }

  /** Throws `IoError` if a write there would destroy metadata; `itself`: the section that is being written. */
  async checkWrite(offset: number, length: number, itself?: Section): Promise<void> {
    for (const [section, test] of this.#checked) {
      if (section === itself) continue;
      const hit = test(offset, length);
      if (hit === true || (hit !== false && (await hit))) {
        throw await this.found(`Preventing invalid write on metadata (overlaps with ${sections[section]})`, {
          offset,
          size: length,
        });
      }
    }
  }

  /**
   * Records that the image is broken; gives the error for the request at hand. On a read-only node nothing is lost
   * by going on, so it is not fatal there.
   */
  async found(msg: string, where: { offset?: number; size?: number } = {}): Promise<IoError> {
    const fatal = this.#writable();
    if (!this.#reported || (fatal && !this.#dead)) this.#report({ msg, ...where, fatal });
    this.#reported = true;
    if (fatal && !this.#dead) {
      this.#dead = true;
      if (this.#header.version === 3) {
        this.#header.incompatible |= BigInt(Incompatible.corrupt);
        await this.#writeHeader();
      }
    }
    return new IoError('EIO');
  }
}

export function overlaps(offset: number, length: number, from: number, bytes: number): boolean {
  return offset < from + bytes && from < offset + length;
}
