import type { BlobFacts } from '../blobs/blob-store.ts';
import type { BlobAbout } from '../model/blob-about.ts';
import { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { Arrangement } from './arrangement.ts';
import type { Admission } from './disk-space.ts';
import { type Bytes, type Flow, flowOf } from './flow.ts';
import { type Received, receive, record } from './receive.ts';

/** What a client sends, and how it is recorded. */
export interface IncomingBody<About extends BlobAbout> {
  body: Bytes;
  /** How long the body was announced to be. */
  sizeBytes: number;
  check: (facts: BlobFacts) => void;
  /** What the blob says of itself; called when the body is there. */
  about: () => About;
  /** Makes the row that refers to the bytes; false when there is no place for it any more. */
  record: (received: Received<About>) => Promise<boolean>;
}

/**
 * Bodies of archives and parts. Only so many are received at once, for each takes memory as long as it lasts; one more is
 * refused before its first byte, with the error that makes clients wait and try again. So is one for which the disk has no
 * room. Jobs write their outputs past this, for few of them run at once and they cannot be asked to wait.
 */
export class Incoming {
  readonly #given: Arrangement;
  #receiving = 0;

  constructor(given: Arrangement) {
    this.#given = given;
  }

  /** Stores a body, durable on return; undefined when there is no place for it any more, and its bytes are given up. */
  async store<About extends BlobAbout>(incoming: IncomingBody<About>): Promise<Received<About> | undefined> {
    const { body, sizeBytes, check, about, record: add } = incoming;
    if (this.#receiving >= limits.receivesAtOnceMax) throw new GlacierError('ThrottlingException', 'Rate exceeded');
    this.#receiving += 1;
    try {
      const { blobs, frames, space } = this.#given;
      using admission = await space.admit(sizeBytes);
      const source = counted(body, admission);
      const received = await receive({ blobs, frames, source, isHasty: true, check, about });
      const recorded = await record(this.#given, received.blobId, () => add(received));
      return recorded ? received : undefined;
    } finally {
      this.#receiving -= 1;
    }
  }
}

/** The same bytes, which the admission is told of. */
function counted(body: Bytes, admission: Admission): Flow {
  return ({ sink, signal }) => {
    const countAndSink = (chunk: Buffer) => {
      admission.received(chunk.length);
      return sink(chunk);
    };
    return flowOf(body)({ sink: countAndSink, signal });
  };
}
