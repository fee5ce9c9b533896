import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { isErrno } from './durable.ts';

/** What a file system has left for who is not root, and whether anything can be written to it. */
export interface Space {
  /** Tells file systems apart as long as they are mounted. */
  device: number;
  totalBytes: number;
  freeBytes: number;
  /** Zero where the file system has no fixed number of them. */
  totalInodes: number;
  freeInodes: number;
  /** The magic number of the kind of file system, as statfs(2) has it. */
  kind: number;
  isReadOnly: boolean;
}

/** Looks at the file system of a directory. */
export async function spaceAt(directory: string): Promise<Space> {
  const [{ dev }, found, isReadOnly] = await Promise.all([
    stat(directory),
    statfs(directory),
    isMountedReadOnly(directory),
  ]);
  return {
    device: dev,
    totalBytes: found.blocks * found.bsize,
    freeBytes: found.bavail * found.bsize,
    totalInodes: found.files,
    freeInodes: found.ffree,
    kind: found.type,
    isReadOnly,
  };
}

/** Asking for the right to write tells of a read-only mount, to root as well. */
async function isMountedReadOnly(directory: string): Promise<boolean> {
  try {
    await access(directory, constants.W_OK);
    return false;
  } catch (error) {
    if (isErrno(error, 'EROFS')) return true;
    throw error;
  }
}

/** Kinds that have names here: those of local disks, and those whose locks and syncs depend on another machine. */
const KINDS = new Map([
  [0xef53, { name: 'ext4', isRemote: false }],
  [0x58465342, { name: 'xfs', isRemote: false }],
  [0x9123683e, { name: 'btrfs', isRemote: false }],
  [0x2fc12fc1, { name: 'zfs', isRemote: false }],
  [0xf2f52010, { name: 'f2fs', isRemote: false }],
  [0x01021994, { name: 'tmpfs', isRemote: false }],
  [0x794c7630, { name: 'overlayfs', isRemote: false }],
  [0x65735546, { name: 'fuse', isRemote: true }],
  [0x6969, { name: 'nfs', isRemote: true }],
  [0xff534d42, { name: 'cifs', isRemote: true }],
  [0xfe534d42, { name: 'smb2', isRemote: true }],
  [0x517b, { name: 'smb', isRemote: true }],
  [0x01021997, { name: '9p', isRemote: true }],
  [0x00c36400, { name: 'ceph', isRemote: true }],
  [0x5346414f, { name: 'afs', isRemote: true }],
]);

/** The name of a kind of file system, and whether it may lie on another machine. */
export function kindOfFileSystem(kind: number): { name: string; isRemote: boolean } {
  // Negative where the number was taken for one with a sign.
  const known = KINDS.get(kind >>> 0);
  return known ?? { name: `0x${(kind >>> 0).toString(16)}`, isRemote: false };
}
