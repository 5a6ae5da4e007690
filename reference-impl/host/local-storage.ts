/** Tells the files that this host's own storage holds from those that somebody else answers for. */
import fs from 'node:fs';

/** Types of file systems, as `statfs` tells them, behind which a server or another process stands. */
const SERVED = new Set([
  0x6969, // NFS
  0xff53_4d42, // CIFS
  0xfe53_4d42, // SMB2
  0x517b, // SMB
  0x0102_1997, // 9P
  0x6573_5546, // FUSE
  0x6a65_6a63, // virtiofs
  0x00c3_6400, // Ceph
  0x5346_414f, // AFS
  0x7375_7245, // Coda
  0x0116_1970, // GFS2
  0x7461_636f, // OCFS2
  0x0bd0_0bd0, // Lustre
]);

/** A regular file whose reads wait for no peer. What cannot be looked at counts as none. */
export function isLocalFile(path: string, fd: number): boolean {
  try {
    return fs.fstatSync(fd).isFile() && !SERVED.has(fs.statfsSync(path).type);
  } catch {
    return false;
  }
}
