import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The socket `<data-dir>/admin.sock`. A socket's address has room for 107 bytes (unix(7)), which the path of a data directory
 * may exceed; then it is named through an open descriptor of the directory, which stays open as long as the name is used.
 */
export interface SocketPath extends Disposable {
  readonly path: string;
}

export const SOCKET_NAME = 'admin.sock';
const ADDRESS_BYTES_MAX = 107;

/** A path that the kernel takes for an address. */
export function openSocketPath(dataDir: string): SocketPath {
  const path = join(dataDir, SOCKET_NAME);
  if (Buffer.byteLength(path) <= ADDRESS_BYTES_MAX) return { path, [Symbol.dispose]: () => undefined };
  const directory = openSync(dataDir, constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: `/proc/self/fd/${directory}/${SOCKET_NAME}`,
    [Symbol.dispose]: () => closeSync(directory),
  };
}
