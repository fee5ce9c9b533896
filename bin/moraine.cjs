#!/usr/bin/env node
// The `moraine` program. It must start under whatever Node the machine has, so this file alone is CommonJS with old
// syntax: a Node that is too old hands over to the one that `npm ci` brought, everything else happens in src/cli.
'use strict';

const { existsSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { setFlagsFromString } = require('node:v8');

// The first Node whose SQLite is new enough and whose type stripping is no experiment.
const NODE_MIN = [24, 15];

// File system and crypto work share libuv's pool; its default of 4 lets four slow file calls block all others. The pool
// reads this variable when it first starts, so it is set before anything else runs.
process.env.UV_THREADPOOL_SIZE = process.env.UV_THREADPOOL_SIZE || '16';

// Tells the program that it was started by a hand-over. Not `MORAINE_...`, which would be taken for a setting.
const HANDED_OVER = 'HANDED_OVER_BY_MORAINE';

if (isNewEnough()) {
  run();
} else {
  handOver();
}

function isNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

function run() {
  // Socket buffers die young, but V8 lets its young generation grow until they die of old age instead: kept small, large
  // uploads take a third less memory and a tenth of the full collections.
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=1');
  // What was compiled is kept beside the dependencies, where only who installed them can write; a second start, and every
  // thread, takes half the time. Where nobody can write, nothing is kept.
  const { directory } = enableCompileCache(join(__dirname, '..', 'node_modules', '.cache', 'moraine'));
  if (directory) process.env.NODE_COMPILE_CACHE = directory;
  // Behind a hand-over, whoever kills the process that he started means this one: without its launcher it ends as hard.
  // A channel that somebody else opened (a supervisor, say) may close without any such meaning.
  if (process.env[HANDED_OVER]) process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  delete process.env[HANDED_OVER];
  const built = join(__dirname, '..', 'dist', 'cli', 'main.js');
  const source = join(__dirname, '..', 'src', 'cli', 'main.ts');
  import(pathToFileURL(existsSync(source) ? source : built).href).catch((error) => {
    process.stderr.write(`moraine: ${error.stack}\n`);
    process.exit(1);
  });
}

function packagedNode() {
  try {
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    return join(manifest, '..', 'bin', 'node');
  } catch {
    return undefined;
  }
}

function handOver() {
  const node = packagedNode();
  if (node === undefined) {
    process.stderr.write(
      `moraine: needs Node ${NODE_MIN.join('.')} or newer, this is ${process.version}, ` +
        `and no packaged Node for ${process.platform}-${process.arch} is installed\n`,
    );
    process.exit(2);
  }
  const { spawn } = require('node:child_process');
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const env = Object.assign({}, process.env, { [HANDED_OVER]: '1' });
  const child = spawn(node, [__filename, ...process.argv.slice(2)], { stdio, env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
