/**
 * An iSCSI target of the case's own with disks in memory, from RFC 7143: one connection a session. It keeps how clients log in
 * and what they do against the protocol, and can stop answering, hang up, or do something else instead of what is right.
 */
import { createServer } from 'node:net';
import type { CaseContext } from '../../case.ts';
import { type IscsiManner, IscsiSession } from './iscsi-session.ts';
import { type Listening, listen } from './listening.ts';
import { ScsiDisk } from './scsi-disk.ts';

/** A target that listens. */
export interface IscsiPeer extends Listening {
  /** `portal` of blockdev-add. */
  readonly portal: string;
  /** What clients said when they logged in, a login an entry: the keys of the protocol. */
  readonly logins: readonly ReadonlyMap<string, string>[];
  /** Units by number, with the commands that came for them. */
  readonly disks: ReadonlyMap<number, ScsiDisk>;
  /** Units whose blocks were read or written. */
  readonly units: ReadonlySet<number>;
  /** What clients did against the protocol. */
  readonly complaints: readonly string[];
  /** Bytes that came because they were asked for. */
  asked(): number;
  /** The last client has logged out. */
  hasLeft(): boolean;
  /** Ends the connections that there are. */
  hangUp(): void;
  /** Every unit has something to say before the next command, on each connection that there is. */
  attend(): void;
  /** Connections that there are get answers from now on only after 10 seconds; new ones get them at once. */
  silence(): void;
  /** Starts to listen again where it did. */
  again(): Promise<void>;
}

/** Starts a target with these units on a port of the loopback address. Ends with the case. */
export async function startIscsiPeer(
  t: Pick<CaseContext, 'cleanup'>,
  units: ReadonlyMap<number, Buffer>,
  manner: IscsiManner = {},
): Promise<IscsiPeer> {
  const logins: Map<string, string>[] = [];
  const sessions: IscsiSession[] = [];
  const shared = {
    disks: new Map([...units].map(([unit, bytes]) => [unit, new ScsiDisk(bytes, manner.disk)])),
    units: new Set<number>(),
    complaints: [] as string[],
    manner,
  };
  const server = createServer((socket) => {
    const said = new Map<string, string>();
    logins.push(said);
    const session = new IscsiSession(socket, said, shared);
    sessions.push(session);
    session.serve().catch(() => socket.destroy());
  });
  const listening = await listen(t, server);
  return {
    ...listening,
    portal: `127.0.0.1:${listening.port}`,
    logins,
    disks: shared.disks,
    units: shared.units,
    complaints: shared.complaints,
    asked: () => sessions.reduce((sum, session) => sum + session.asked, 0),
    hasLeft: () => sessions.at(-1)?.hasLeft === true,
    hangUp: () => {
      for (const session of sessions) session.hangUp();
    },
    attend: () => {
      for (const session of sessions) session.hasNews = true;
    },
    silence: () => {
      for (const session of sessions) session.isSilent = true;
    },
    again: async () => {
      server.listen(listening.port, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
    },
  };
}
