import { setTimeout as pause } from 'node:timers/promises';
import { askServer, UnansweredError } from '../admin/client.ts';
import type { Request, Response } from '../admin/protocol.ts';
import type { Config, Secrets } from '../config/config.ts';
import { findDataDir } from '../config/data-dir.ts';
import type { Origins } from '../config/served.ts';
import { limits } from '../model/limits.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';

export interface Asked {
  config: Config;
  secrets: Secrets;
  origins: Origins;
  request: Request;
}

/**
 * Carries out a command: in the server that holds the data directory, or here when there is none. In between, while a server
 * starts or stops or another command is at work, it is tried again for a while; the server says whether it has begun.
 */
export async function carryOut(asked: Asked): Promise<unknown> {
  const { config, request } = asked;
  const { path: dataDir } = findDataDir(config.dataDir);
  const giveUpAtMs = performance.now() + limits.adminWaitMs;
  for (;;) {
    const outcome = (await ask(dataDir, request)) ?? (await runHere(asked));
    if (!('held' in outcome)) return answerIn(outcome);
    if (performance.now() > giveUpAtMs) throw new CommandError(`${outcome.held}, and answers no commands`);
    await pause(limits.adminRetryPauseMs);
  }
}

async function ask(dataDir: string, request: Request) {
  try {
    return await askServer({ dataDir, request });
  } catch (error) {
    if (!(error instanceof UnansweredError)) throw error;
    throw new CommandError(error.message, { cause: error, exitCode: exitCodes.unexpected });
  }
}

/** The server's code is loaded here, where there is no server: with one, commands are quicker without it. */
async function runHere({ request, ...given }: Asked): Promise<Response | { held: string }> {
  const { openOffline } = await import('../app.ts');
  const { DataDirHeldError } = await import('../metadata/owner.ts');
  try {
    await using offline = await openOffline({ ...given, description: `running the command ${request.command}` });
    return await offline.run(request);
  } catch (error) {
    if (error instanceof DataDirHeldError) return { held: error.message };
    throw error;
  }
}

function answerIn(response: Response): unknown {
  if ('answer' in response) return response.answer;
  if ('refusal' in response) throw new CommandError(response.refusal);
  const why = 'failure' in response ? response.failure : 'the server is about to end';
  throw new CommandError(why, { exitCode: exitCodes.unexpected });
}
