// The least that a server on node:http has to do which keeps each body in a file of its own, durable before it answers: write,
// fsync, rename, fsync of the directory. It checks nothing, hashes nothing and knows no names.
'use strict';

const { mkdirSync } = require('node:fs');
const { open, rename } = require('node:fs/promises');
const { createServer } = require('node:http');
const { join } = require('node:path');

const DIRECTORIES = 256;
const root = process.argv[2];
let files = 0;
for (const name of ['incoming', ...Array.from({ length: DIRECTORIES }, (_, index) => String(index))]) {
  mkdirSync(join(root, name));
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () =>
    store(chunks).then(
      () => answer(response, 201),
      () => answer(response, 500),
    ),
  );
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));

async function store(chunks) {
  const name = String(files++);
  const incoming = join(root, 'incoming', name);
  const directory = join(root, String(files % DIRECTORIES));
  const file = await open(incoming, 'wx', 0o600);
  await file.writev(chunks);
  await file.sync();
  await file.close();
  await rename(incoming, join(directory, name));
  const entries = await open(directory, 'r');
  await entries.sync();
  await entries.close();
}

function answer(response, status) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': 2 });
  response.end('{}');
}
