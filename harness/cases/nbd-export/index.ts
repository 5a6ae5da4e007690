import type { CaseDefinition } from '../case.ts';
import { exportsByHumanMonitor } from './by-human-monitor.ts';
import { chunkCases } from './chunks.ts';
import { exportErrorCases } from './errors.ts';
import { forcedWrites } from './forced-writes.ts';
import { handshakeCases } from './handshake.ts';
import { movingExports } from './moving-exports.ts';
import { exportsOverTls } from './over-tls.ts';
import { requestCases } from './requests.ts';
import { severalExports } from './several.ts';

/** Cases of what the NBD server says to clients, message by message. */
export const nbdExportCases: readonly CaseDefinition[] = [
  ...handshakeCases,
  ...requestCases,
  ...forcedWrites,
  ...chunkCases,
  ...exportErrorCases,
  ...exportsOverTls,
  ...movingExports,
  ...severalExports,
  ...exportsByHumanMonitor,
];
