/** Debian's `tgtd` as an ordinary process: its own portal, control socket and disks. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { truncate, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { run, startServer, stopServer, whyMissing } from './external-programs.ts';

/** Names of the targets: one that lets anybody in, and one that asks for a password. */
export const OPEN_TARGET = 'iqn.2026-01.example:open';
export const LOCKED_TARGET = 'iqn.2026-01.example:locked';
/** Who is let in there. */
export const ACCOUNT = { user: 'joe', password: 'sesame-sesame' } as const;

/** Why there can be no such server; undefined if there can. */
export function whyNoTgt(): string | undefined {
  const missing = whyMissing(['tgtd', 'tgtadm'], 'tgt');
  // It takes memory and priorities that nobody else may take.
  return missing ?? (process.getuid?.() === 0 ? undefined : 'tgtd must be started by root');
}

export interface TgtServer {
  readonly portal: string;
  /** Adds a unit to the open target, or to the locked one; the file that holds it. */
  addUnit(unit: TgtUnit): Promise<string>;
  /** Kills the server. */
  kill(): Promise<void>;
  /** Starts it again at the same portal, with the same units. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
}

export interface TgtUnit {
  readonly lun: number;
  /** Bytes. */
  readonly size: number;
  readonly blockSize?: number;
  readonly locked?: boolean;
  /** As `tgtadm --params` takes them. */
  readonly params?: string;
}

const OPEN = '1';
const LOCKED = '2';

/** Starts a server in a folder; ports that somebody else takes first are left to them. */
export async function tgtServer(folder: string): Promise<TgtServer> {
  const port = await freePort();
  const portal = `127.0.0.1:${port}`;
  // The control port is a number behind the name of a socket.
  const control = join(folder, 'tgt');
  const tgtadm = (...args: string[]): Promise<string> =>
    run('env', `TGT_IPC_SOCKET=${control}`, 'tgtadm', '-C', '1', '--lld', 'iscsi', ...args);
  const units: TgtUnit[] = [];
  let server: ChildProcess | undefined;
  const fileOf = ({ lun, locked }: TgtUnit): string =>
    join(folder, `${locked ? 'locked' : 'open'}-${lun}.img`);
  const configure = async (unit: TgtUnit): Promise<void> => {
    const { lun, blockSize = 512, locked, params } = unit;
    const place = ['--tid', locked ? LOCKED : OPEN, '--lun', String(lun)];
    const block = ['--blocksize', String(blockSize)];
    await tgtadm('--mode', 'logicalunit', '--op', 'new', ...place, '-b', fileOf(unit), ...block);
    if (params !== undefined)
      await tgtadm('--mode', 'logicalunit', '--op', 'update', ...place, '--params', params);
  };
  const start = async (): Promise<void> => {
    const args = ['-f', '-C', '1', '-t', '1', '--iscsi', `portal=${portal}`];
    server = await startServer(
      { host: '127.0.0.1', port },
      'env',
      `TGT_IPC_SOCKET=${control}`,
      'tgtd',
      ...args,
    );
    for (const [tid, name] of [
      [OPEN, OPEN_TARGET],
      [LOCKED, LOCKED_TARGET],
    ] as const) {
      await tgtadm('--mode', 'target', '--op', 'new', '--tid', tid, '-T', name);
    }
    const { user, password } = ACCOUNT;
    await tgtadm('--mode', 'account', '--op', 'new', '--user', user, '--password', password);
    await tgtadm('--mode', 'account', '--op', 'bind', '--tid', LOCKED, '--user', user);
    for (const unit of units) await configure(unit);
    // Nobody gets in before the units are there.
    for (const tid of [OPEN, LOCKED])
      await tgtadm('--mode', 'target', '--op', 'bind', '--tid', tid, '-I', 'ALL');
  };
  const kill = async (): Promise<void> => {
    if (server) await stopServer(server);
    server = undefined;
  };
  await start();
  return {
    portal,
    addUnit: async (unit) => {
      const file = fileOf(unit);
      await writeFile(file, '');
      await truncate(file, unit.size);
      units.push(unit);
      await configure(unit);
      return file;
    },
    kill,
    startAgain: start,
    close: kill,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
