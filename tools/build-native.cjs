// Builds the addon of native/ where that is needed and possible. It never stops what comes after it: without a compiler the
// server does the same work in another way, and says why (src/frames/choose.ts reads the reason kept here). With --required,
// for releases, a build that fails is an error. Old syntax: it must run under whatever Node the machine has.
'use strict';

const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const COMPILERS = ['cc', 'gcc', 'clang'];
const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-fPIC', '-shared', '-fvisibility=hidden'];
const BUILD_TIMEOUT_MS = 120000;

const platform = `${process.platform}-${process.arch}`;
const native = join(__dirname, '..', 'native');
const folder = join(native, 'build', platform);
const addon = join(folder, 'moraine.node');
const reasonFile = join(folder, 'reason.txt');
const isRequired = process.argv.includes('--required');

if (!isUpToDate()) build();

function sources() {
  return readdirSync(native)
    .filter((name) => /\.[ch]$/.test(name))
    .map((name) => join(native, name));
}

function isUpToDate() {
  if (!existsSync(addon)) return false;
  const builtAt = statSync(addon).mtimeMs;
  return [...sources(), __filename].every((path) => statSync(path).mtimeMs <= builtAt);
}

function build() {
  const reason = failureOf(compile);
  // What nobody may write cannot be told there either; the server then says that the addon is not built.
  failureOf(() => note(reason));
  if (reason === undefined) return void process.stderr.write(`moraine: built the addon for ${platform}\n`);
  process.stderr.write(`moraine: goes on without the addon, which is not built: ${reason}\n`);
  if (isRequired) process.exitCode = 1;
}

/** An addon of older sources would be worse than none. */
function note(reason) {
  if (reason === undefined) return rmSync(reasonFile, { force: true });
  rmSync(addon, { force: true });
  writeFileSync(reasonFile, `${reason}\n`);
}

/** Under another name at first, so that two builds at once, and servers that start meanwhile, see all of it or nothing. */
function compile() {
  if (process.platform !== 'linux') throw new Error(`it is for Linux, not for ${process.platform}`);
  mkdirSync(folder, { recursive: true });
  const include = headers();
  const compiler = COMPILERS.find((name) => failureOf(() => run(name, ['--version'])) === undefined);
  if (compiler === undefined) throw new Error(`there is no C compiler (${COMPILERS.join(', ')})`);
  const unfinished = `${addon}.${process.pid}`;
  const files = sources().filter((path) => path.endsWith('.c'));
  try {
    run(compiler, [...FLAGS, `-I${include}`, ...files, '-o', unfinished]);
    renameSync(unfinished, addon);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** The headers that belong to the Node which the server runs on. */
function headers() {
  const places = [join(dirname(process.execPath), '..', 'include', 'node')];
  failureOf(() => {
    places.unshift(join(dirname(require.resolve(`node-${platform}/package.json`)), 'include', 'node'));
  });
  const place = places.find(
    (path) => existsSync(join(path, 'node_api.h')) && existsSync(join(path, 'openssl', 'evp.h')),
  );
  if (place === undefined) throw new Error('the headers of Node.js are missing');
  return place;
}

function run(file, args) {
  execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: BUILD_TIMEOUT_MS });
}

/** The first line of what went wrong, or undefined. */
function failureOf(action) {
  try {
    action();
    return undefined;
  } catch (error) {
    const lines = String(error.stderr || error.message).split('\n');
    return lines.find((line) => /error/i.test(line)) || lines[0];
  }
}
