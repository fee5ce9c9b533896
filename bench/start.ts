import type { Program } from './program.ts';
import type { Row } from './report.ts';
import { inTurn } from './rounds.ts';
import { makeScratch } from './scratch.ts';
import { startBare, startMoraine } from './servers.ts';
import { median } from './statistics.ts';

/** From the start of the process to the line that says it answers: in a new data directory, and in one that exists. */
export async function start({ quick }: { quick: boolean }): Promise<Row[]> {
  const samples = await inTurn(quick ? 3 : 9, {
    bare: async () => {
      using scratch = makeScratch();
      return [await readyMs(startBare(scratch.path))];
    },
    'moraine serve': () => twice({ viaNpm: false }),
    'npm start': () => twice({ viaNpm: true }),
  });
  const bare = { case: 'bare node:http', value: median(samples.bare.flat()) };
  const rowsOf = (name: 'moraine serve' | 'npm start'): Row[] =>
    ['first', 'second'].map((which, index) => ({
      case: `${name}, ${which} start`,
      value: median(samples[name].map((pair) => pair[index] ?? Number.NaN)),
      unit: 'ms',
      against: bare,
    }));
  return [{ ...bare, unit: 'ms' }, ...rowsOf('moraine serve'), ...rowsOf('npm start')];
}

async function twice(options: { viaNpm: boolean }): Promise<number[]> {
  using scratch = makeScratch();
  const first = await readyMs(startMoraine(scratch.path, options));
  return [first, await readyMs(startMoraine(scratch.path, options))];
}

async function readyMs(starting: Promise<Program>): Promise<number> {
  await using program = await starting;
  return program.readyMs;
}
