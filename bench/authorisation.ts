import { join } from 'node:path';
import { VAULT } from '../test/support/arrangement.ts';
import { Connection, expectStatus } from './connection.ts';
import { Program } from './program.ts';
import type { Row } from './report.ts';
import { inTurn } from './rounds.ts';
import { makeScratch } from './scratch.ts';
import { ROOT } from './servers.ts';
import { signedHead } from './signer.ts';
import { mean, median } from './statistics.ts';

const MODES = ['off', 'root', 'user'] as const;
type Mode = (typeof MODES)[number];
const NAMES: Record<Mode, string> = {
  off: 'DescribeVault, no policy asked',
  root: 'DescribeVault, root',
  user: 'DescribeVault, user with a policy, vault with two',
};

/** What it costs to decide whether a caller may describe a vault, beside a server that does not ask. */
export async function authorisation({ quick }: { quick: boolean }): Promise<Row[]> {
  using scratch = makeScratch();
  await using servers = new AsyncDisposableStack();
  const start = async (mode: Mode): Promise<Program> => {
    const args = [join(ROOT, 'bench', 'authorisation-server.ts'), mode];
    return servers.use(
      await Program.start({ file: process.execPath, args, logPath: join(scratch.path, `${mode}.log`) }),
    );
  };
  const [off, root, user] = [await start('off'), await start('root'), await start('user')];
  const programs = { off, root, user };
  const count = quick ? 1000 : 5000;
  await inTurn(1, contestants(programs, count));
  const samples = await inTurn(quick ? 3 : 8, contestants(programs, count));
  const of = (mode: Mode, figure: keyof Effort) =>
    (figure === 'micros' ? median : mean)(samples[mode].map((one) => one[figure]));
  const row = (mode: Mode, figure: keyof Effort, unit: string): Row => ({
    case: NAMES[mode],
    value: of(mode, figure),
    unit,
    ...(mode === 'off' ? {} : { against: { case: NAMES.off, value: of('off', figure) } }),
  });
  return MODES.flatMap((mode) => [row(mode, 'micros', 'us'), row(mode, 'cpuMicros', 'CPU us')]);
}

interface Effort {
  /** A request after the other on one connection. */
  micros: number;
  cpuMicros: number;
}

const contestants = (programs: Record<Mode, Program>, count: number): Record<Mode, () => Promise<Effort>> => ({
  off: () => describeVaults(programs.off, count),
  root: () => describeVaults(programs.root, count),
  user: () => describeVaults(programs.user, count),
});

async function describeVaults(server: Program, count: number): Promise<Effort> {
  using connection = await Connection.open(server.url);
  const head = signedHead({ method: 'GET', target: `/-/vaults/${VAULT.name}`, url: server.url });
  const [cpuBefore, startedAt] = [server.cpuSeconds(), performance.now()];
  for (let done = 0; done < count; done += 1) expectStatus(200, await connection.send(head));
  const micros = ((performance.now() - startedAt) * 1000) / count;
  return { micros, cpuMicros: ((server.cpuSeconds() - cpuBefore) * 1e6) / count };
}
