import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What select jobs have left on the disk of a server, by the keys of the objects. */
export function objectsIn({ dataDir }: { dataDir: string }, bucket: string): Map<string, string> {
  const folder = join(dataDir, 'select-output', bucket);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

/** The objects below a job's path, with `*` for names that say nothing. */
export const namesBelow = (objects: ReadonlyMap<string, string>, path: string): string[] =>
  [...objects.keys()]
    .filter((key) => key.startsWith(path))
    .map((key) => key.slice(path.length).replace(/[0-9a-f]{64}$/, '*'));

/** What the objects hold, one after the other, that a manifest of the job names. */
export function named(
  objects: ReadonlyMap<string, string>,
  { bucket, path, manifest = 'result_manifest.txt' }: { bucket: string; path: string; manifest?: string },
): string {
  const lines = (objects.get(`${path}${manifest}`) ?? '').split('\n');
  if (lines.pop() !== '') throw new Error(`${manifest} does not end with a line's end`);
  return lines
    .map((line) => {
      const text = objects.get(line.replace(`s3://${bucket}/`, ''));
      if (text === undefined) throw new Error(`${manifest} names ${line}, which is not there`);
      return text;
    })
    .join('');
}
