import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

test('places of notifications are read', () => {
  const flags = {
    'sns-endpoint': 'http://localhost:4566/',
    'public-url': 'https://archive.example/moraine//',
    'webhook-networks': '10.0.0.0/8,fd00:1::/32',
  };
  expect(loadConfig({ flags, env: {} }).config).toMatchObject({
    snsEndpoint: 'http://localhost:4566',
    publicUrl: 'https://archive.example/moraine',
    webhookNetworks: ['10.0.0.0/8', 'fd00:1::/32'],
  });
});
