import { hash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { KIB } from '../model/limits.ts';
import type { FrameWork } from './frame-work.ts';
import { type Addon, nativeFrameWork } from './native.ts';
import { plainFrameWork } from './plain.ts';

/** Where tools/build-native.cjs puts the addon, or says why it could not; the same from `src/` and from `dist/`. */
const PLATFORM = `${process.platform}-${process.arch}`;
const FOLDER = join(import.meta.dirname, '..', '..', 'native', 'build', PLATFORM);

/**
 * The addon where it can be used, else what Node.js brings along: chosen once, at start. `prefer: 'plain'` is for people who
 * suspect the addon, and for tests.
 */
export function chooseFrameWork({ prefer }: { prefer?: 'plain' } = {}): FrameWork {
  if (prefer === 'plain') return plainFrameWork('the addon is switched off');
  const addon = loadAddon();
  return typeof addon === 'string' ? plainFrameWork(addon) : nativeFrameWork(addon);
}

/** The addon, or why it cannot be used. */
function loadAddon(): Addon | string {
  const path = join(FOLDER, 'moraine.node');
  if (!existsSync(path)) return reasonOfBuild() ?? `the addon is not built for ${PLATFORM}`;
  try {
    const addon: Addon = createRequire(import.meta.url)(path);
    return addon.reason ?? (isRight(addon) ? addon : 'the addon computes wrong hashes on this processor');
  } catch (error) {
    return `the addon does not load: ${(error as Error).message}`;
  }
}

function reasonOfBuild(): string | undefined {
  const path = join(FOLDER, 'reason.txt');
  return existsSync(path) ? `the addon is not built: ${readFileSync(path, 'utf8').trim()}` : undefined;
}

/** A processor or a compiler that has its own idea of SHA-256 must not be believed with archives. */
function isRight(addon: Addon): boolean {
  const bytes = randomBytes(4 * KIB + 1);
  const hasher = new addon.Hasher();
  hasher.update(bytes);
  const { linear, leaves } = hasher.digest();
  const expected = hash('sha256', bytes, 'buffer');
  return linear.equals(expected) && leaves.equals(expected) && addon.crc32(bytes) === crc32(bytes);
}
