import type { z } from 'zod';
import { ConfigError } from '../config/errors.ts';
import { AdminError, GlacierError } from '../model/errors.ts';
import type { AdminCommand, Administration } from './command.ts';
import type { Request, Response } from './protocol.ts';

const SHOWN_LENGTH_MAX = 64;

/** What is put on record about a command that changes something, however it ended. */
export interface CommandRecord {
  command: string;
  /** Without the secrets in it. */
  input: object;
  outcome: 'done' | 'refused' | 'failed';
  /** Why it was refused. */
  refusal?: string;
  /** What the answer names: ids and nothing else, for an answer may hold a new secret. */
  named?: object;
}

const NAMES = ['accountId', 'userId', 'arn', 'accessKeyId', 'expiresAt'];

/** Commands by name; each takes what its own schema lets through. */
export type CommandTable = Readonly<Record<string, AdminCommand<object, unknown>>>;

export interface RunOptions {
  commands: CommandTable;
  administration: Administration;
  onCommand: (record: CommandRecord) => void;
}

/** Carries out a command. What the operator can mend comes back as a refusal; anything else that goes wrong is thrown. */
export async function runCommand(
  request: Request,
  { commands, administration, onCommand }: RunOptions,
): Promise<Response> {
  // Only the table's own names count, not what every object has.
  const command = Object.hasOwn(commands, request.command) ? commands[request.command] : undefined;
  if (command === undefined) {
    return {
      refusal: `the server that runs here has no command ${request.command.slice(0, SHOWN_LENGTH_MAX)}; it is of another version`,
    };
  }
  const parsed = command.input.safeParse(request.input);
  if (!parsed.success) return { refusal: firstIssue(parsed.error) };
  const record = (outcome: CommandRecord['outcome'], more: Pick<CommandRecord, 'refusal' | 'named'> = {}): void => {
    if (!command.mutating) return;
    const input = withoutSecrets(parsed.data, command.secrets ?? []);
    onCommand({ command: request.command, input, outcome, ...more });
  };
  try {
    const answer = await command.run(administration, parsed.data);
    record('done', namesIn(answer));
    return { answer };
  } catch (error) {
    if (!isRefusal(error)) {
      record('failed');
      throw error;
    }
    record('refused', { refusal: error.message });
    return { refusal: error.message };
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof AdminError || error instanceof GlacierError || error instanceof ConfigError;
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  const place = issue?.path.join('.') ?? '';
  return place === '' ? `${issue?.message}` : `${place}: ${issue?.message}`;
}

/** Also a level down: a new account comes with its first key. */
function namesIn(answer: unknown): { named?: object } {
  const outer = Object.entries(answer ?? {});
  const inner = outer.flatMap(([, value]) =>
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
  const members = [...inner, ...outer];
  const named = members.filter(([name, value]) => NAMES.includes(name) && typeof value === 'string');
  return named.length === 0 ? {} : { named: Object.fromEntries(named) };
}

function withoutSecrets(input: object, secrets: readonly string[]): object {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !secrets.includes(name)));
}
