import { GIB, MIB } from '../../src/model/limits.ts';
import type { Row } from '../report.ts';
import { median } from '../statistics.ts';
import type { Measured } from './measured.ts';

type Way = 'engine' | 'duckdb' | 'duckdbTwo' | 'job' | 'duckdbFile';

const NAMES: Record<Way, string> = {
  engine: 'engine',
  duckdb: 'DuckDB, 1 thread',
  duckdbTwo: 'DuckDB, 2 threads',
  job: 'job',
  duckdbFile: 'DuckDB, 1 thread, to a file',
};
/** What each is held against. */
const AGAINST: Partial<Record<Way, Way>> = { engine: 'duckdb', duckdbTwo: 'duckdb', job: 'duckdbFile' };

/** CPU time first, which a busy machine changes least. */
const FIGURES = [
  { unit: 'CPU s/GiB', of: ({ cpuSeconds }: Measured, sizeBytes: number) => (cpuSeconds * GIB) / sizeBytes },
  { unit: 'MiB/s', of: ({ seconds }: Measured, sizeBytes: number) => sizeBytes / MIB / seconds },
  { unit: 'MiB peak', of: ({ peakMib }: Measured) => peakMib },
];

export function rowsOfQuery(query: string, sizeBytes: number, samples: Record<Way, Measured[]>): Row[] {
  return FIGURES.flatMap(({ unit, of }) => {
    const value = (way: Way): number => median(samples[way].map((sample) => of(sample, sizeBytes)));
    return (Object.keys(NAMES) as Way[]).map((way): Row => {
      const other = AGAINST[way];
      const against = other && { case: NAMES[other], value: value(other) };
      return { case: `${query}: ${NAMES[way]}`, value: value(way), unit, against };
    });
  });
}

export function rowsOfScans(sizeBytes: number, samples: Record<'lines' | 'crc32', Measured[]>): Row[] {
  const cases = [
    ['lines', 'read and find the line breaks'],
    ['crc32', 'read and CRC-32'],
  ] as const;
  return cases.flatMap(([what, name]) =>
    FIGURES.slice(0, 2).map(({ unit, of }) => ({
      case: name,
      value: median(samples[what].map((sample) => of(sample, sizeBytes))),
      unit,
    })),
  );
}
