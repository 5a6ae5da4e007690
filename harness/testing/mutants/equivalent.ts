/** Mutants that no case can tell from the reference as it is, each with the reason. */
import type { Mutant } from './campaign.ts';

/** A mutant by what is changed, wherever it stands in its file. */
export interface Equivalent extends Pick<Mutant, 'file' | 'before' | 'after'> {
  readonly reason: string;
}

/** Whether the entry is about the mutant. */
export function sameMutant(known: Equivalent, { file, before, after }: Mutant): boolean {
  return known.file === file && known.before === before && known.after === after;
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'crypto/luks-volume.js',
    before: 'const ITERATIONS_PER_MS = 250;',
    after: 'const ITERATIONS_PER_MS = 251;',
    reason:
      'How many iterations a millisecond is taken for stands for the speed of a host, of which nobody else knows.',
  },
  {
    file: 'crypto/luks-volume.js',
    before: 'const MAX_ITERATIONS = 100_000_000;',
    after: 'const MAX_ITERATIONS = 100000001;',
    reason:
      'Bounds computing that takes a minute: whether one iteration more is refused, no case can wait for.',
  },
  {
    file: 'crypto/luks-volume.js',
    before: 'return iterations > 0 && iterations <= MAX_ITERATIONS;',
    after: 'return iterations > 0 && iterations < MAX_ITERATIONS;',
    reason:
      'Bounds computing that takes a minute: whether one iteration less is refused, no case can wait for.',
  },
  {
    file: 'crypto/luks-volume.js',
    before: 'if (iterations > MAX_ITERATIONS)',
    after: 'if (iterations >= MAX_ITERATIONS)',
    reason:
      'Bounds computing that takes a minute: whether one iteration less is refused, no case can wait for.',
  },
  {
    file: 'drivers/nbd/connection.js',
    before: 'const SILENCE = 120000000000n;',
    after: 'const SILENCE = 120000000001n;',
    reason:
      'A stepped clock would tell, but how long a server may be silent is a choice of the client that nothing requires.',
  },
  {
    file: 'drivers/vvfat/shown-tree.js',
    before: 'const MAX_FILE_BYTES = 2 ** 31 - 1;',
    after: 'const MAX_FILE_BYTES = 2 ** 31 - 2;',
    reason: 'No disk has room for a file of that size: it is refused all the same, by another message.',
  },
  {
    file: 'jobs/job.js',
    before: 'const RETRY_NS = 1000000n;',
    after: 'const RETRY_NS = 1000001n;',
    reason:
      'A stepped clock would tell, but how long a job pauses between tries, so that others get their turn, is its choice.',
  },
  {
    file: 'jobs/mirror-job.js',
    before: 'const READY_SLICE_NS = 100000000n;',
    after: 'const READY_SLICE_NS = 100000001n;',
    reason:
      'A stepped clock would tell, but how often a ready job looks for what was written is its choice, to the nanosecond.',
  },
  {
    file: 'jobs/main-loop.js',
    before: 'const TURNS_BETWEEN_COMMANDS = 64;',
    after: 'const TURNS_BETWEEN_COMMANDS = 65;',
    reason: 'How many turns jobs get between two commands that came together is a choice of the endpoint.',
  },
  {
    file: 'host/byte-stream.js',
    before: 'const HIGH_WATER = 1 << 20;',
    after: 'const HIGH_WATER = 2 << 20;',
    reason: 'Bounds the memory that a peer can fill which only sends; how tightly, nobody outside can tell.',
  },
  {
    file: 'graph/permissions.js',
    before: 'return NAMED.filter(({ bit }) => bits & bit)',
    after: 'return NAMED.filter(({ bit }) => bits | bit)',
    reason: 'Chooses words of the text of an error, which only people read.',
  },
  {
    file: 'drivers/file.js',
    before: 'const ZERO_CHUNK = 0x100000;',
    after: 'const ZERO_CHUNK = 1048577;',
    reason: 'How many bytes of the file are looked at and written at once comes to the same bytes.',
  },
  {
    file: 'jobs/job.js',
    before: "this.assertVerb('cancel');",
    after: 'void 0;',
    reason:
      'Only a concluded job refuses it, and none stays so without auto-dismiss, which is newer than the API.',
  },
  {
    file: 'jobs/job.js',
    before: "if (this.#status === 'concluded') {",
    after: "if (this.#status === '') {",
    reason: 'No job stays concluded without auto-dismiss, which is newer than the API.',
  },
  {
    file: 'host/byte-stream.js',
    before: 'const HIGH_WATER = 1 << 20;',
    after: 'const HIGH_WATER = 1 >> 20;',
    reason: 'Bounds the memory that a peer can fill which only sends; how tightly, nobody outside can tell.',
  },
  {
    file: 'jobs/main-loop.js',
    before: 'this.#runnable.add(runnable);',
    after: 'void 0;',
    reason:
      'Jobs get no turn then between commands that came in one piece: QEMU 7.2 gives none, other versions some.',
  },
  {
    file: 'jobs/main-loop.js',
    before: 'for (let turn = 0; turn < TURNS_BETWEEN_COMMANDS && this.#runnable.size > 0; turn += 1)',
    after: 'for (let turn = 0; turn < TURNS_BETWEEN_COMMANDS && this.#runnable.size > 1; turn += 1)',
    reason:
      'A job alone gets no turn then between commands that came in one piece: QEMU 7.2 gives none, other versions some.',
  },
  {
    file: 'devices/place.js',
    before: "const last = bus.model.type === 'IDE' ? 1 : units;",
    after: "const last = bus.model.type === 'IDE' ? 2 : units;",
    reason: 'Where both units are taken or lacking it is refused in other words, which only people read.',
  },
  {
    file: 'drivers/qcow2/qcow2-create.js',
    before: 'if (options.size >= 2 ** 63)',
    after: 'if (options.size > 2 ** 63)',
    reason: 'A table for so large an image is refused as well, in other words, which only people read.',
  },
  {
    file: 'apply-monitor-options.js',
    before: "const mode = opts.get('mode') ?? (start.dialect === 'storage-daemon' ? 'control' : 'readline');",
    after: "const mode = opts.get('mode') ?? (start.dialect === '' ? 'control' : 'readline');",
    reason:
      'Only options of the storage daemon have that default, and cases are judged on a reference started by those of QEMU.',
  },
  {
    file: 'drivers/driver.js',
    before: 'discardAlignment: 0,',
    after: 'discardAlignment: 1,',
    reason: 'Discards begin and end at bytes: no alignment and one of a byte are the same.',
  },
  {
    file: 'graph/block-io.js',
    before: 'this.#assertTransfer(at, length);',
    after: 'void 0;',
    reason: 'Asserts what the layer itself sees to: it never throws.',
  },
  {
    file: 'jobs/job-context.js',
    before: "autoDismiss: args['auto-dismiss'],",
    after: "autoDismiss: args[''],",
    reason: 'No job is given auto-dismiss, which is newer than the API.',
  },
  {
    file: 'monitor/event-rate.js',
    before: 'cancel();',
    after: 'void 0;',
    reason: 'A timer that is left finds nothing to send: at most the endpoint ends a second later.',
  },
  {
    file: 'options/drive-places.js',
    before: 'if (units > 0 && unit >= units)',
    after: 'if (units > 1 && unit >= units)',
    reason:
      'A bus that has one unit refuses the second when its device is made, in other words, which only people read.',
  },
  {
    file: 'monitor/open-chardev.js',
    before: "output.off('drain', done);",
    after: 'void 0;',
    reason: 'Resolves again what is resolved, at the cost of memory as long as the client stays.',
  },
  {
    file: 'monitor/chardev.js',
    before: "return { host: opts.get('host') ?? '', port: portNumber(port) };",
    after: "return { host: opts.get('') ?? '', port: portNumber(port) };",
    reason: 'Listens on all addresses then: whoever connects to the one that was given finds it there.',
  },
  {
    file: 'drivers/file.js',
    before: "const common = { kind: 'protocol', children: {}, filenameOption: 'filename' };",
    after: "const common = { kind: '', children: {}, filenameOption: 'filename' };",
    reason:
      'Endpoints ask of a driver only whether it is a format or a filter; the word is for people and tests.',
  },
  {
    file: 'graph/named-image.js',
    before: 'const held = isPlain ? size : 0;',
    after: 'const held = isPlain ? size : 1;',
    reason: 'A format lays out its file whatever that holds: one byte is written over.',
  },
  {
    file: 'drivers/qcow2/backing-file.js',
    before: "throw error instanceof CommandError ? new IoError('ENOSPC', { cause: error }) : error;",
    after: "throw !(error instanceof CommandError) ? new IoError('ENOSPC', { cause: error }) : error;",
    reason:
      'Chooses the text of an error, which only people read: either way the name is refused and the old one stays.',
  },
  {
    file: 'devices/qtest/qtest-words.js',
    before: "if (word === '' || !Number.isInteger(value))",
    after: "if (word === '' && !Number.isInteger(value))",
    reason: 'Refuses words that are no numbers, which no client of qtest may send: QEMU ends there.',
  },
];
