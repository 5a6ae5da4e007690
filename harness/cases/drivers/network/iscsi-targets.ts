/** What cases of the driver iscsi share. */
import type { JsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import { TARGET } from '../../helpers/peers/iscsi-numbers.ts';
import { type IscsiPeer, startIscsiPeer } from '../../helpers/peers/iscsi-peer.ts';
import type { IscsiManner } from '../../helpers/peers/iscsi-session.ts';
import type { ScsiDisk } from '../../helpers/peers/scsi-disk.ts';
import { KiB } from '../../helpers/shared-setup.ts';
import { remoteBytes, remoteNodes, sectors } from './remote-nodes.ts';

/** Bytes of a unit. */
export const SIZE = 128 * KiB;

export const iscsi = remoteNodes('iscsi');
export const bytes = remoteBytes('iscsi');

/** The options of a node over unit 0. */
export const at = ({ portal }: Pick<IscsiPeer, 'portal'>, options: JsonObject = {}): JsonObject => ({
  driver: 'iscsi',
  transport: 'tcp',
  portal,
  target: TARGET,
  ...options,
});

/** The same of a node that may be written. */
export const writable = (peer: Pick<IscsiPeer, 'portal'>, options: JsonObject = {}): JsonObject =>
  at(peer, { 'read-only': false, ...options });

/** A target with unit 0 and no other. */
export const oneUnit = (
  t: CaseContext,
  manner: IscsiManner = {},
  content: Buffer = sectors(SIZE),
): Promise<IscsiPeer> => startIscsiPeer(t, new Map([[0, content]]), manner);

export const diskOf = ({ disks }: IscsiPeer): ScsiDisk => disks.get(0)!;

/** States that clients have kept to the protocol. */
export function checkRules(t: CaseContext, { complaints }: IscsiPeer): void {
  t.equal([...new Set(complaints)], [], 'the endpoint must keep to the protocol');
}

/** States that the unit has these bytes. */
export function checkUnit(t: CaseContext, peer: IscsiPeer, content: Buffer): void {
  const amiss = diskOf(peer).bytes.findIndex((byte, i) => byte !== content[i]);
  t.check(amiss === -1, 'the unit must have what was written, and nothing else', `byte ${amiss} is another`);
}
