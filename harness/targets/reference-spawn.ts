/** `reference:spawn`: the reference implementation as a child of its own, over a socket, in real time. */
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../spec/package-root.ts';
import { machineOptions } from './qemu-system.ts';
import { monitorOptions, startProgram } from './spawned.ts';
import type { Target } from './target.ts';

export function referenceSpawn(name: string): Target {
  return {
    name,
    implementation: 'reference',
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
    unavailable: () => Promise.resolve(null),
    start: (request) =>
      startProgram(
        {
          command: process.execPath,
          args: (sockets) => [
            fileURLToPath(new URL('bin/qmpcheck', packageRoot())),
            'serve',
            '-S',
            ...machineOptions(request.topology.options),
            ...monitorOptions(sockets),
            ...request.topology.options,
          ],
        },
        request,
      ),
  };
}
