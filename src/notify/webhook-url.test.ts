import { describe, expect, test } from 'vitest';
import { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { addressRules } from './addresses.ts';
import { checkedAddresses, type Lookup, parseWebhookUrl, systemLookup } from './webhook-url.ts';

const addressesFrom =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** As a subscription does it. */
async function check(text: string, { networks = [], lookup = addressesFrom('1.1.1.1') }: Partial<Given> = {}) {
  return checkedAddresses(parseWebhookUrl(text), { rules: addressRules(networks), lookup });
}

interface Given {
  networks: string[];
  lookup: Lookup;
}

const inNoNetwork = 'which is in no network of --webhook-networks';

describe('the URL of a webhook', () => {
  test.each([
    ['https://127.0.0.1/', '127.0.0.1'],
    ['https://127.0.0.1./', '127.0.0.1'],
    ['https://[::1]/', '[::1]'],
    ['https://[::]:8443/', '[::]:8443'],
    ['https://0/', '0.0.0.0'],
    ['https://2130706433/', '127.0.0.1'],
    ['https://0x7f.1/', '127.0.0.1'],
    ['https://0177.0.0.1/', '127.0.0.1'],
    ['https://%31%32%37.0.0.1/', '127.0.0.1'],
    ['https:127.0.0.1/', undefined],
    ['https://169.254.169.254/latest/meta-data', '169.254.169.254'],
    ['https://[::ffff:7f00:1]/', '[::ffff:7f00:1]'],
    ['https://[::ffff:127.0.0.1]/', '[::ffff:7f00:1]'],
    ['https://[64:ff9b::127.0.0.1]/', '[64:ff9b::7f00:1]'],
    ['https://[fd00::1]/', '[fd00::1]'],
    ['https://100.64.1.1/', '100.64.1.1'],
    ['https://224.0.0.1/', '224.0.0.1'],
  ])('S-70 %s is refused', async (text, host) => {
    const refusal = await check(text).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(GlacierError);
    if (host !== undefined) expect((refusal as Error).message.endsWith(`: ${host}`)).toBe(true);
  });

  test.each(['https://localhost/', 'https://localhost./x', 'https://LOCALHOST:8443/', 'https://a.localhost/'])(
    'S-70 %s is refused, without a look-up',
    async (text) => {
      await expect(check(text, { networks: ['127.0.0.0/8'] })).rejects.toThrow(
        `The URL of the webhook means this machine: ${text}`,
      );
    },
  );

  test.each([['127.0.0.1'], ['::1'], ['169.254.169.254'], ['1.1.1.1', '10.0.0.1']])(
    'S-70 a name that stands for %s %s is refused',
    async (...addresses) => {
      await expect(check('https://receiver.example/x', { lookup: addressesFrom(...addresses) })).rejects.toThrow(
        `The URL of the webhook is refused: it leads to ${addresses.at(-1)}, ${inNoNetwork}: receiver.example`,
      );
    },
  );

  test.each([
    ['https://user:secret@receiver.example/', 'holds a user name or a password.'],
    ['https://@receiver.example/', 'holds a user name or a password.'],
    [
      'https://receiver.example/\r\nX-More: 1',
      'holds characters that no URL may hold: https://receiver.example/\r\nX-More: 1',
    ],
    ['https://receiver.example/a b', 'holds characters that no URL may hold: https://receiver.example/a b'],
    ['https://receiver.example/\u00e9', 'holds characters that no URL may hold: https://receiver.example/\u00e9'],
    ['https://receiver.example/#part', 'has a fragment: https://receiver.example/#part'],
    ['https://receiver.example\\@127.0.0.1/', 'holds a backslash: https://receiver.example\\@127.0.0.1/'],
    ['https://receiver.example:25/', 'uses port 25: https://receiver.example:25/'],
    ['https://receiver.example:465/', 'uses port 465: https://receiver.example:465/'],
    ['https://receiver.example:587/', 'uses port 587: https://receiver.example:587/'],
    ['https://receiver.example:0/', 'uses port 0: https://receiver.example:0/'],
    ['file:///etc/passwd', 'is no https or http URL: file:///etc/passwd'],
    ['ftp://receiver.example/', 'is no https or http URL: ftp://receiver.example/'],
    ['receiver.example', 'is no https or http URL: receiver.example'],
    ['https:///receiver.example/', 'is no https or http URL: https:///receiver.example/'],
    ['https://[::1/', 'is no https or http URL: https://[::1/'],
    ['https://receiver.example:99999/', 'is no https or http URL: https://receiver.example:99999/'],
    ['', 'holds characters that no URL may hold'],
  ])('S-72 %j is refused', (text, problem) => {
    expect(() => parseWebhookUrl(text)).toThrow(`The URL of the webhook ${problem}`);
  });

  test('is not too long', () => {
    const text = `https://receiver.example/${'x'.repeat(limits.webhookUrlLengthMax)}`;
    expect(() => parseWebhookUrl(text)).toThrow('is longer than 2048 characters: https://receiver.example/xxx');
    expect(() => parseWebhookUrl(text.slice(0, limits.webhookUrlLengthMax))).not.toThrow();
  });

  test('may be any public one with https', async () => {
    const lookup = addressesFrom('1.1.1.1', '2606:4700::1');
    expect(await check('https://receiver.example:8443/hook?secret=1', { lookup })).toHaveLength(2);
    expect(await check('https://[2606:4700::1]/')).toEqual([{ address: '2606:4700::1', family: 6 }]);
  });

  test('without TLS is for the networks that the operator names', async () => {
    await expect(check('http://1.1.1.1/')).rejects.toThrow(
      `The URL of the webhook needs https, because it leads to 1.1.1.1, ${inNoNetwork}: 1.1.1.1`,
    );
    const lookup = addressesFrom('10.0.0.1', '1.1.1.1');
    await expect(check('http://receiver.example/', { networks: ['10.0.0.0/8'], lookup })).rejects.toThrow(
      'needs https',
    );
    expect(await check('http://10.0.0.1/', { networks: ['10.0.0.0/8'] })).toHaveLength(1);
    expect(await check('https://10.0.0.1/', { networks: ['10.0.0.0/8'] })).toHaveLength(1);
  });

  test('names a host that can be looked up', async () => {
    await expect(check('https://nowhere.invalid/', { lookup: systemLookup })).rejects.toThrow(
      /names a host that cannot be looked up \(E\w+\): nowhere\.invalid$/,
    );
    await expect(check('https://receiver.example/', { lookup: addressesFrom() })).rejects.toThrow('without an address');
    expect(await systemLookup('localhost')).toContainEqual({ address: '127.0.0.1', family: 4 });
  });
});
