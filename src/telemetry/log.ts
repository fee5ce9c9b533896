import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { LineWriter } from './line-writer.ts';

/** What the server logs to; child logs share its level and its redaction. */
export type Log = Logger;

const STDERR = 2;
/**
 * Members whose text is a secret, however deep they are. The finished line is searched: pino's own redaction needs every
 * depth spelt out, and three levels of wildcards cost 50 microseconds a line, ten times this.
 */
const SECRETS =
  /"((?:[\w-]*secret[-_]?access[-_]?key|(?:proxy-)?authorization|x-amz-security-token|session[-_]?token|cookie|password))":"(?:[^"\\]|\\.)*"/gi;

/** Logs to stderr: one JSON object a line, or, with `pretty`, lines for people. `level` is one of pino's or `silent`. */
export async function createLog({ level, pretty }: { level: string; pretty: boolean }): Promise<Log> {
  return createLogTo(pretty ? await prettyStderr() : plainStderr(), level);
}

/** The same log to somewhere else. */
export function createLogTo(destination: DestinationStream, level: string): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: (line) => line.replace(SECRETS, '"$1":"[redacted]"') },
    serializers: { error: pino.stdSerializers.err },
  };
  return pino(options, destination);
}

function plainStderr(): DestinationStream {
  const lines = new LineWriter(STDERR);
  process.once('exit', () => lines.flushSync());
  return lines;
}

async function prettyStderr(): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: true, errorLikeObjectKeys: ['err', 'error'] });
  return { write: (line: string) => process.stderr.write(pretty(line) ?? '') };
}
