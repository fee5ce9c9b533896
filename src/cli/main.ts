import { CommanderError } from 'commander';
import { ConfigError } from '../config/errors.ts';
import { AdminError } from '../model/errors.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';
import { makeProgram } from './program.ts';

/**
 * The edge of the program: what goes wrong in a command becomes one line on stderr and an exit code. A defect shows its
 * stack; what the user can mend shows none.
 */
process.exit(await run(process.argv.slice(2)));

async function run(args: string[]): Promise<number> {
  try {
    await makeProgram().parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? exitCodes.fine);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error);
  if (error instanceof ConfigError || error instanceof AdminError) return complain(error.message);
  if (error instanceof CommandError) return complain(error.message, error.exitCode);
  process.stderr.write(`moraine: ${error instanceof Error ? error.stack : String(error)}\n`);
  return exitCodes.unexpected;
}

/** Help and version end a command by the same way as a wrong flag does, with the exit code 0. */
function reportUsage({ code, exitCode, message }: CommanderError): number {
  if (exitCode === 0) return exitCodes.fine;
  // `moraine` alone has already printed its help to stderr.
  if (code === 'commander.help') return exitCodes.usage;
  return complain(message.replace(/^error: /, ''));
}

function complain(message: string, exitCode: number = exitCodes.usage): number {
  process.stderr.write(`moraine: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  return exitCode;
}
