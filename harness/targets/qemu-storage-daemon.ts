/**
 * `qemu-storage-daemon[:PATH]`: QEMU's block layer without a machine. It has no guest devices and no `-drive`.
 */
import { missingProgram } from './find-program.ts';
import { monitorOptions, startProgram } from './spawned.ts';
import { type StartRequest, type Target, UnsupportedTopology } from './target.ts';

const DEFAULT_PROGRAM = 'qemu-storage-daemon';

/** Options of the system emulator that the daemon has too; it spells them with two dashes. */
const KNOWN = new Set(['-blockdev', '-object', '-chardev', '-export', '-nbd-server']);

/** `name` is the target as given; `path` a program to look up in PATH, or a path. */
export function qemuStorageDaemon(name: string, path: string = DEFAULT_PROGRAM): Target {
  return {
    name,
    implementation: 'qemu',
    capabilities: {
      guestDevices: false,
      drives: false,
      qtest: false,
      humanMonitor: false,
      owned: true,
      sharedFiles: true,
      monitors: 8,
      reconnects: true,
    },
    unavailable: () => missingProgram(path),
    start: async (request: StartRequest) => {
      const options = request.topology.options.map(daemonOption);
      return startProgram(
        {
          command: path,
          // It works through its options in order: with the monitors last, a greeting means that it took them all.
          args: (sockets) => [...options, ...monitorOptions(sockets).map(daemonMonitor)],
        },
        request,
      );
    },
  };
}

/** The daemon's spelling of a word of `monitorOptions`. */
function daemonMonitor(word: string): string {
  return word === '-mon' ? '--monitor' : word === '-chardev' ? '--chardev' : word;
}

/** Options come in pairs: a name, then its value. Throws `UnsupportedTopology` for one the daemon does not have. */
function daemonOption(word: string, index: number): string {
  if (index % 2 === 1) return word;
  if (!KNOWN.has(word)) throw new UnsupportedTopology(`${DEFAULT_PROGRAM} has no option ${word}`);
  return `-${word}`;
}
