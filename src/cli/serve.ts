import { Command } from 'commander';
import { type Address, formatAddress } from '../config/addresses.ts';
import { loadConfig } from '../config/config.ts';
import { ConfigError } from '../config/errors.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { exitCodes } from './exit-codes.ts';
import { addSettingOptions, flagsOf } from './setting-options.ts';
import { endNow, stopSignal } from './stop-signal.ts';

/** `moraine serve`: runs until a signal asks it to stop. */
export function serveCommand(): Command {
  const command = new Command('serve').description(
    'Run the server until it is told to stop (SIGTERM, SIGINT, SIGHUP).',
  );
  return addSettingOptions(command).action(() => serve(command));
}

async function serve(command: Command): Promise<void> {
  const { config, secrets } = loadConfig({ flags: flagsOf(command), env: process.env });
  const log = await createLog({ level: config.logLevel, pretty: process.stderr.isTTY === true });
  const onFatal = endOn(log);
  const stop = stopSignal(process);
  // The code of the thread and that of the server load side by side; help and wrong flags wait for neither.
  const { ThreadedWriter } = await import('../metadata/threaded-writer.ts');
  const writer = new ThreadedWriter();
  const { startApp } = await import('../app.ts');
  const app = await startApp({ config, secrets, log, writer, onFatal }).catch((error: unknown) => {
    throw listenError(error, config.listen) ?? error;
  });
  // The one line on stdout, which tells scripts that the server answers.
  if (!stop.asked) process.stdout.write(`moraine listening on ${app.url}\n`);
  const signal = await stop.promise;
  log.info({ signal }, 'stopping');
  await app[Symbol.asyncDispose]();
  log.info('stopped');
}

/** Nothing goes on after an error that nobody expected: it is logged, and a supervisor starts the server anew. */
function endOn(log: Log): (error: unknown) => void {
  const end = (error: unknown): void => {
    log.fatal({ error }, 'ending because of an unexpected error');
    endNow(exitCodes.unexpected);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
  return end;
}

const LISTEN_PROBLEMS: Record<string, string> = {
  EACCES: 'this user may not listen there',
  EADDRINUSE: 'something else listens there already',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ENOTFOUND: 'there is no such host',
};

function listenError(error: unknown, address: Address): ConfigError | undefined {
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException;
  const problem = ['listen', 'bind', 'getaddrinfo'].includes(syscall) ? LISTEN_PROBLEMS[code] : undefined;
  if (problem === undefined) return undefined;
  return new ConfigError(`cannot listen on ${formatAddress(address)}: ${problem} (${code})`, { cause: error });
}
