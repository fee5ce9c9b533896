import type { Taker } from '../core/pieces.ts';

/** Response headers in the order they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What an operation answers; the status is that of the operation unless it says otherwise. */
export interface Reply {
  status?: number;
  headers: HeaderList;
  content: Content;
}

export type Content =
  | { kind: 'none' }
  | { kind: 'json'; text: string }
  | { kind: 'text'; contentType: string; text: string }
  | {
      kind: 'bytes';
      contentType: string;
      lengthBytes: number;
      /** Pieces are valid until the next one is asked for. */
      read: (taker: Taker) => AsyncGenerator<Buffer, void, void>;
    };

/** 204 and nothing more. */
export const nothing = (headers: HeaderList = []): Reply => ({ headers, content: { kind: 'none' } });

/** A JSON document: compact, members in the order given. */
export const json = (value: unknown): Reply => ({
  headers: [],
  content: { kind: 'json', text: JSON.stringify(value) },
});

/** 201 and 202 carry their news in headers and an empty JSON object in the body, as the real service does. */
export const created = (headers: HeaderList): Reply => ({ headers, content: { kind: 'json', text: '{}' } });
