import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REGION, type TestServer } from './server.ts';

/** Programs of others that speak to the server, where the machine has them. */
const run = promisify(execFile);
const RUN_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** Why a program cannot be run here, or undefined when it can. A reason is printed, so that no run passes in silence. */
export async function absenceOf(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    await run(program, args, { timeout: RUN_MS_MAX });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    const cause = (stderr?.trim() || message).split('\n').at(-1);
    const reason = `\`${[program, ...args].join(' ')}\` fails: ${cause}`;
    console.warn(`not run: ${reason}`);
    return reason;
  }
}

/**
 * Runs a program with the credentials file of this server, as a user would, and nothing else of the AWS settings of whoever
 * runs the tests. Returns what it printed; a failure holds what it complained of.
 */
export async function runAgainst(server: TestServer, program: string, args: readonly string[]): Promise<string> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^AWS_|_proxy$/i.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    AWS_SHARED_CREDENTIALS_FILE: join(server.dataDir, 'credentials'),
    AWS_CONFIG_FILE: join(server.dataDir, 'no-config'),
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  };
  const { stdout } = await run(program, args, { env, timeout: RUN_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX });
  return stdout;
}
