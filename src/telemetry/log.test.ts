import { expect, test } from 'vitest';
import { createLogTo } from './log.ts';

const logged = (level: string, write: (log: ReturnType<typeof createLogTo>) => void): string[] => {
  const lines: string[] = [];
  write(createLogTo({ write: (line) => void lines.push(line) }, level));
  return lines;
};

test('one JSON object a line, with the level as a word and the time as a date', () => {
  const [line = ''] = logged('info', (log) => log.info({ port: 7400 }, 'listening'));
  expect(JSON.parse(line)).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    port: 7400,
    msg: 'listening',
  });
});

test('below the level nothing is logged', () => {
  expect(logged('warn', (log) => log.info('x'))).toEqual([]);
  expect(logged('silent', (log) => log.fatal('x'))).toEqual([]);
});

test('secrets are blotted out however deep they are, in errors and in child logs too', () => {
  const error = Object.assign(new Error('no'), { request: { headers: { Authorization: 'AWS4 hidden-1' } } });
  const lines = logged('info', (log) => {
    log
      .child({ secretAccessKey: 'hidden-2' })
      .info({ error, a: { b: { c: { d: { rootSecretAccessKey: 'hid"den-3' } } } } });
    log.info({
      headers: { 'x-amz-security-token': 'hidden-4', authorization: 'hidden-5' },
      aws_secret_access_key: 'hidden-6',
    });
  });
  const text = lines.join('');
  expect(text).not.toMatch(/hid"?den|den-3/);
  expect(text.match(/\[redacted\]/g)).toHaveLength(6);
  for (const line of lines) JSON.parse(line);
});

test('what only looks like a secret stays', () => {
  const [line = ''] = logged('info', (log) => log.info({ accessKeyId: 'AKIAMINE', message: 'authorization failed' }));
  expect(JSON.parse(line)).toMatchObject({ accessKeyId: 'AKIAMINE', message: 'authorization failed' });
});
