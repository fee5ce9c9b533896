import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatInventoryMarker, formatPartMarker, parseInventoryMarker, parsePartMarker } from './markers.ts';

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const other = (text: string, index: number): string => {
  const character = text[index] === 'A' ? 'B' : 'A';
  return text.slice(0, index) + character + text.slice(index + 1);
};

describe('the marker of an inventory', () => {
  test('has 135 characters and gives its position back', () => {
    fc.assert(
      fc.property(whole, whole, (createdAtMs, archiveKey) => {
        const marker = formatInventoryMarker({ createdAtMs, archiveKey });
        expect(marker).toMatch(/^[A-Za-z0-9_-]{135}$/);
        expect(parseInventoryMarker(marker)).toEqual({ createdAtMs, archiveKey });
      }),
    );
  });

  test('is none any more when a single character changes', () => {
    const marker = formatInventoryMarker({ createdAtMs: Date.UTC(2026, 0, 1), archiveKey: 7 });
    for (let index = 0; index < marker.length; index += 1) {
      expect(parseInventoryMarker(other(marker, index))).toBeUndefined();
    }
  });
});

describe('the marker of a part', () => {
  test('has 50 characters and gives its position back', () => {
    fc.assert(
      fc.property(whole, (startByte) => {
        const marker = formatPartMarker(startByte);
        expect(marker).toMatch(/^[A-Za-z0-9_-]{50}$/);
        expect(parsePartMarker(marker)).toBe(startByte);
      }),
    );
  });

  test('is none any more when a single character changes', () => {
    const marker = formatPartMarker(1048576);
    for (let index = 0; index < marker.length; index += 1) {
      expect(parsePartMarker(other(marker, index))).toBeUndefined();
    }
  });
});

test('what never was a marker is none, nor is one of another kind, nor one that is written another way', () => {
  const part = formatPartMarker(0);
  const inventory = formatInventoryMarker({ createdAtMs: 0, archiveKey: 0 });
  for (const text of ['', 'null', 'A'.repeat(50), 'A'.repeat(135), `${part}=`, ` ${part}`, part.slice(0, -1)]) {
    expect(parsePartMarker(text)).toBeUndefined();
    expect(parseInventoryMarker(text)).toBeUndefined();
  }
  expect(parsePartMarker(inventory)).toBeUndefined();
  expect(parseInventoryMarker(part)).toBeUndefined();
  fc.assert(fc.property(fc.string(), (text) => parsePartMarker(text) === undefined));
});
