import { exitCodes } from './exit-codes.ts';

/** A command cannot be done as it was given. The message is one line for stderr. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, { exitCode = exitCodes.usage, ...options }: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
