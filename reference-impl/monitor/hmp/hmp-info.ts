/** `info`: what the human monitor tells of drives, nodes, jobs and the guest. */

import type { JsonObject } from '../../../spec/json.ts';
import { VERSION_TEXT } from '../../commands/query-version.ts';
import { describeDrive } from './hmp-info-block.ts';
import type { HumanCommands } from './human-command.ts';
import { query } from './run-command.ts';

/** Blocks apart by empty lines. One that does not come first is preceded by one also where it is the only one. */
function listed(
  all: readonly JsonObject[],
  nameOf: (one: JsonObject) => unknown,
  wanted: string | undefined,
  describe: (one: JsonObject) => string,
): string[] {
  return all.flatMap((one, index) =>
    wanted !== undefined && nameOf(one) !== wanted ? [] : `${index > 0 ? '\n' : ''}${describe(one)}`,
  );
}

const STATISTICS = [
  'rd_bytes',
  'wr_bytes',
  'rd_operations',
  'wr_operations',
  'flush_operations',
  'wr_total_time_ns',
  'rd_total_time_ns',
  'flush_total_time_ns',
  'rd_merged',
  'wr_merged',
  'idle_time_ns',
];

export const infoCommands: HumanCommands = {
  block: {
    args: 'nodes:-n,verbose:-v,device:B?',
    params: '[-n] [-v] [device]',
    help: 'show info of one block device or all block devices (-n: show named nodes; -v: show details)',
    run: async ({ texts: { device }, flags }, context) => {
      const verbose = flags.has('verbose');
      if (!flags.has('nodes')) {
        const drives = listed(
          (await query('query-block', context)) as JsonObject[],
          (drive) => drive.device,
          device,
          (drive) => describeDrive(drive, drive.inserted as JsonObject | undefined, verbose),
        );
        if (device === undefined || drives.length > 0) return drives.join('');
      }
      return listed(
        (await query('query-named-block-nodes', context)) as JsonObject[],
        (node) => node['node-name'],
        device,
        (node) => describeDrive(undefined, node, verbose),
      ).join('');
    },
  },
  'block-jobs': {
    args: '',
    params: '',
    help: 'show progress of ongoing block device operations',
    run: async (_args, context) => {
      const jobs = (await query('query-block-jobs', context)) as JsonObject[];
      const lines = jobs.map(({ type, device, offset, len, speed }) => {
        const title = type === 'stream' ? `Streaming device ${device}` : `Type ${type}, device ${device}`;
        return `${title}: Completed ${offset} of ${len} bytes, speed limit ${speed} bytes/s\n`;
      });
      return lines.join('') || 'No active jobs\n';
    },
  },
  blockstats: {
    args: '',
    params: '',
    help: 'show block device statistics',
    run: async (_args, context) => {
      const drives = (await query('query-blockstats', context)) as JsonObject[];
      return drives
        .filter(({ device }) => device !== undefined)
        .map(({ device, stats }) => {
          const told = stats as JsonObject;
          return `${device}:${STATISTICS.map((name) => ` ${name}=${told[name] ?? 0}`).join('')}\n`;
        })
        .join('');
    },
  },
  status: {
    args: '',
    params: '',
    help: 'show the current VM status (running|paused)',
    run: async (_args, context) => {
      const status = (await query('query-status', context)) as JsonObject;
      const state = status.running === true ? 'running' : 'paused';
      const isPlain = status.status === state;
      return `VM status: ${state}${isPlain ? '' : ` (${status.status})`}\n`;
    },
  },
  version: {
    args: '',
    params: '',
    help: 'show the version of QEMU',
    run: () => `${VERSION_TEXT}\n`,
  },
};
