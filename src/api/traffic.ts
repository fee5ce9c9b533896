import type { Socket } from 'node:net';

/** What a connection has carried since it was last asked: its requests come one after the other. */
export class Traffic {
  readonly #told = new WeakMap<Socket, { received: number; sent: number }>();

  of(socket: Socket): { receivedBytes: number; sentBytes: number } {
    const before = this.#told.get(socket) ?? { received: 0, sent: 0 };
    const now = { received: socket.bytesRead, sent: socket.bytesWritten };
    this.#told.set(socket, now);
    return { receivedBytes: now.received - before.received, sentBytes: now.sent - before.sent };
  }
}
