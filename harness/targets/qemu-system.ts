/**
 * `qemu-system[:PATH]`: a QEMU system emulator without a guest. Its CPUs never run; guest devices exist where the
 * topology asks for a machine.
 */
import { missingProgram } from './lookup.ts';
import { startProgram } from './spawned.ts';
import type { StartRequest, Target } from './target.ts';

const DEFAULT_PROGRAM = 'qemu-system-x86_64';

export function qemuSystem(name: string, path: string = DEFAULT_PROGRAM): Target {
  return {
    name,
    capabilities: {
      guestDevices: true,
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
            ...(request.topology.options.includes('-machine') ? [] : ['-machine', 'none']),
            ...['-accel', 'tcg', '-S', '-nodefaults', '-display', 'none'],
            ...sockets.flatMap((socket, index) => [
              ...['-chardev', `socket,id=qmpcheck-mon${index},path=${socket},server=on,wait=off`],
              ...['-mon', `chardev=qmpcheck-mon${index},mode=control`],
            ]),
            ...request.topology.options,
          ],
        },
        request,
      ),
  };
}
