// The straightforward way to take an archive, to hold Moraine against: a pipeline through a generator that hashes twice with
// node:crypto, into a write stream, and an fsync. POST stores a body in a new file of the directory that it is given.
'use strict';

const { createHash } = require('node:crypto');
const { createWriteStream } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');
const { pipeline } = require('node:stream/promises');

const LEAF_BYTES = 1024 * 1024;
let files = 0;

const server = createServer((request, response) => {
  store(request).then(
    (answer) => response.end(answer),
    (error) => response.writeHead(500).end(`${error.message}\n`),
  );
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));

async function store(request) {
  files += 1;
  const linear = createHash('sha256');
  const leaves = [];
  // `flush` has the stream sync the file before it closes it.
  const file = createWriteStream(join(process.argv[2], `pipeline-${files}`), { flush: true });
  await pipeline(request, (chunks) => hashed(chunks, { linear, leaves }), file);
  return JSON.stringify({ linear: linear.digest('hex'), leaves: leaves.length });
}

async function* hashed(chunks, { linear, leaves }) {
  let leaf = createHash('sha256');
  let leafBytes = 0;
  for await (const chunk of chunks) {
    linear.update(chunk);
    for (let rest = chunk; rest.length > 0; ) {
      const piece = rest.subarray(0, LEAF_BYTES - leafBytes);
      leaf.update(piece);
      leafBytes += piece.length;
      rest = rest.subarray(piece.length);
      if (leafBytes < LEAF_BYTES) continue;
      leaves.push(leaf.digest());
      leaf = createHash('sha256');
      leafBytes = 0;
    }
    yield chunk;
  }
  if (leafBytes > 0) leaves.push(leaf.digest());
}
