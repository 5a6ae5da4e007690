/**
 * `qemu-system[:PATH]`: a QEMU system emulator without a guest. Its CPUs never run; guest devices exist where the
 * topology asks for a machine.
 */
import { missingProgram } from './find-program.ts';
import { monitorOptions, startProgram } from './spawned.ts';
import type { StartRequest, Target } from './target.ts';

const DEFAULT_PROGRAM = 'qemu-system-x86_64';

const FIXED_OPTIONS = ['-accel', 'tcg', '-S', '-display', 'none'];

/** Only what is asked for is there: a machine if a topology names one, and no drive by default. */
export function machineOptions(options: readonly string[]): string[] {
  return ['-nodefaults', ...(options.includes('-machine') ? [] : ['-machine', 'none'])];
}

export function qemuSystem(name: string, path: string = DEFAULT_PROGRAM): Target {
  return {
    name,
    implementation: 'qemu',
    capabilities: {
      guestDevices: true,
      drives: true,
      qtest: true,
      humanMonitor: true,
      owned: true,
      sharedFiles: true,
      monitors: 8,
      reconnects: true,
    },
    unavailable: () => missingProgram(path),
    start: (request: StartRequest) =>
      startProgram(
        {
          command: path,
          args: (sockets) => [
            ...machineOptions(request.topology.options),
            ...FIXED_OPTIONS,
            ...monitorOptions(sockets),
            ...request.topology.options,
          ],
        },
        request,
      ),
  };
}
