import https, { Agent } from 'node:https';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import SnsPayloadValidator from 'sns-payload-validator';
import SnsValidator from 'sns-validator';
import { startReceiver } from './receiver.ts';
import { testTls } from './tls.ts';

/** Two public validators of SNS messages, which believe certificates of Amazon's hosts only. */
export interface Validators extends AsyncDisposable {
  /** What they say of a message; 'genuine', or why not. */
  verdicts(body: string): Promise<string[]>;
}

const HOST = 'sns.us-east-1.amazonaws.com';

/**
 * Both fetch `certificatePem` from what they take for Amazon. The URL of the certificate is not signed, so that the host in
 * it can be replaced by the one they insist on; its file name stays.
 */
export async function snsValidators(certificatePem: string): Promise<Validators> {
  const tls = await testTls([HOST]);
  const amazon = await startReceiver({ tls });
  amazon.answer = (_received, response) => void response.end(certificatePem);
  const agent = new Agent();
  agent.createConnection = (options) =>
    connectTls({
      ...(options as ConnectionOptions),
      host: '127.0.0.1',
      port: amazon.port,
      servername: HOST,
      ca: tls.ca,
    });
  const payloadValidator = new SnsPayloadValidator({ requestAgent: agent, useCache: false });
  const validator = new SnsValidator();
  const { globalAgent } = https;
  https.globalAgent = agent;
  return {
    async verdicts(body) {
      const message = JSON.parse(body) as Record<string, string>;
      const file = message.SigningCertURL?.split('/').at(-1) ?? '';
      const text = JSON.stringify({ ...message, SigningCertURL: `https://${HOST}/${file}` });
      const said = (error: Error | null): string => (error === null ? 'genuine' : error.message);
      return [
        await payloadValidator.validate(text).then(() => said(null), said),
        await new Promise<string>((resolve) => validator.validate(text, (error) => resolve(said(error)))),
      ];
    },
    async [Symbol.asyncDispose]() {
      https.globalAgent = globalAgent;
      agent.destroy();
      await amazon[Symbol.asyncDispose]();
    },
  };
}
