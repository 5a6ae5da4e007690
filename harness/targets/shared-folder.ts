/** A folder that an endpoint sees too, perhaps under another name, and that others than us may write to. */
import { isAbsolute, join, relative } from 'node:path';
import type { SharedFolder, Target } from './target.ts';

/** The target with scratch folders in `folder`: whoever starts it makes them there. Programs that we start ourselves see what we see. */
export function withSharedFolder(target: Target, folder: SharedFolder): Target {
  return {
    ...target,
    capabilities: { ...target.capabilities, sharedFiles: true },
    folder,
    unavailable: () => target.unavailable(),
    start: (request) => target.start({ ...request, dir: asSeenThere(request.scratch, folder) }),
  };
}

/** The target whose endpoints see no folder of ours: what needs files is left out. */
export function withoutSharedFiles(target: Target): Target {
  return { ...target, capabilities: { ...target.capabilities, sharedFiles: false } };
}

function asSeenThere(scratch: string, { here, there }: SharedFolder): string {
  const inside = relative(here, scratch);
  return inside.startsWith('..') || isAbsolute(inside) ? scratch : join(there, inside);
}
