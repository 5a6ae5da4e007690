/** All hand-written cases. A new theme is one file and one line here. */

import { backup } from './backup.ts';
import { blockResize } from './block_resize.ts';
import { blockCommit } from './block-commit.ts';
import { blockJob } from './block-job.ts';
import { blockStream } from './block-stream.ts';
import { blockdevAdd } from './blockdev-add.ts';
import type { CaseDefinition } from './case.ts';
import { children } from './children.ts';
import { devices } from './devices.ts';
import { dirtyBitmaps } from './dirty-bitmaps.ts';
import { drivers } from './drivers.ts';
import { envelope } from './envelope.ts';
import { greeting } from './greeting.ts';
import { guestIo } from './guest-io.ts';
import { introspection } from './introspection.ts';
import { mirror } from './mirror.ts';
import { nodeOptions } from './node-options.ts';
import { queries } from './queries.ts';
import { raw } from './raw.ts';
import { sessions } from './sessions.ts';
import { syntax } from './syntax.ts';

export const cases: readonly CaseDefinition[] = [
  ...greeting,
  ...envelope,
  ...syntax,
  ...sessions,
  ...introspection,
  ...blockdevAdd,
  ...children,
  ...nodeOptions,
  ...drivers,
  ...raw,
  ...blockResize,
  ...dirtyBitmaps,
  ...queries,
  ...devices,
  ...guestIo,
  ...blockJob,
  ...blockStream,
  ...blockCommit,
  ...mirror,
  ...backup,
];
