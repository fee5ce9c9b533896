import { Readable } from 'node:stream';

type Next<Asked, Result> = (asked: Asked) => Promise<Result>;

/**
 * A step for the middleware of an AWS client. The SDK reads whatever comes into memory; an endpoint that is not one, or has
 * gone mad, could send without end. A reply beyond `bytesMax` fails the call; `sender` names the endpoint in the error.
 */
export const boundedReplies =
  ({ bytesMax, sender }: { bytesMax: number; sender: string }) =>
  <Asked, Result extends { response: unknown }>(next: Next<Asked, Result>): Next<Asked, Result> =>
  async (asked) => {
    const result = await next(asked);
    const response = result.response as { body?: unknown };
    if (response.body instanceof Readable) {
      response.body = Readable.from(bounded(response.body, { bytesMax, sender }));
    }
    return result;
  };

/** Where the step stands: before anybody has read the reply. */
export const BOUNDED_REPLIES = { step: 'deserialize', priority: 'low', name: 'boundedReplies' } as const;

async function* bounded(body: Readable, { bytesMax, sender }: { bytesMax: number; sender: string }) {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`the reply of the ${sender} endpoint is too long`);
    yield chunk;
  }
}
