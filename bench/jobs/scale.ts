import { Connection, expectStatus } from '../connection.ts';
import type { Program } from '../program.ts';
import { makeScratch } from '../scratch.ts';
import { seedPlan, vaultNames } from '../seeding/plan.ts';
import { metadataPathOf, seed } from '../seeding/seed.ts';
import { dataDirOf, startMoraine, startOwn } from '../servers.ts';
import { VaultClient, vaultPath } from '../vault-client.ts';
import { checkPage, type ListedPage, pagesToList } from './pages.ts';

/** A server with so many jobs, and beside it the two that it is held against. */
export interface Scale {
  name: string;
  pages: ListedPage[];
  vaultName: string;
  databasePath: string;
  moraine: Program;
  /** `node:http` and SQLite, no more. */
  bareList: Program;
}

export interface Size {
  name: string;
  vaults: number;
  jobs: number;
}

/** Seeds and starts a scale; what it takes goes with `resources`. */
export async function openScale(size: Size, resources: AsyncDisposableStack): Promise<Scale> {
  const scratch = resources.use(makeScratch());
  await makeTables(scratch.path);
  const plan = seedPlan({ vaults: size.vaults, archives: size.vaults, jobs: size.jobs });
  seed(dataDirOf(scratch.path), plan);
  const databasePath = metadataPathOf(dataDirOf(scratch.path));
  const vaultIndex = Math.floor(size.vaults / 2);
  const vaultName = vaultNames(plan)[vaultIndex] ?? '';
  const moraine = resources.use(await startMoraine(scratch.path));
  const { VaultARN: vaultArn } = await new VaultClient(moraine, vaultName).describe();
  const bareList = resources.use(
    await startOwn('jobs/bare-list.ts', [databasePath, vaultName, vaultArn], scratch.path),
  );
  return { name: size.name, pages: pagesToList(plan, vaultIndex), vaultName, databasePath, moraine, bareList };
}

/** The tables are the program's, so it makes them itself. */
async function makeTables(scratchPath: string): Promise<void> {
  await using _moraine = await startMoraine(scratchPath);
}

/** Sees to it that all three answer the same, and the right, before anything is measured; teaches `bareText` the answer. */
export async function checkAnswers({ pages, moraine, bareList, vaultName }: Scale, bareText: Program): Promise<void> {
  const vault = new VaultClient(moraine, vaultName);
  using list = await Connection.open(bareList.url);
  for (const page of pages) {
    const text = await vault.listJobs(page.query);
    checkPage(page, text);
    const bare = expectStatus(200, await list.send(bareHead(page.bareQuery), { keepText: true }));
    if (bare.text !== text) throw new Error(`${page.name}: the bare server answers something else`);
    await teach(bareText, listTarget(vaultName, page), text);
  }
}

export const listTarget = (vaultName: string, { query }: ListedPage): string => `${vaultPath(vaultName)}/jobs${query}`;

const bareHead = (query: string): string => `GET /${query} HTTP/1.1\r\nHost: bench\r\n\r\n`;

async function teach(bareText: Program, target: string, text: string): Promise<void> {
  using connection = await Connection.open(bareText.url);
  const piece = Buffer.from(text, 'latin1');
  const head = `PUT ${target} HTTP/1.1\r\nHost: bench\r\nContent-Length: ${piece.length}\r\n\r\n`;
  expectStatus(200, await connection.send(head, { body: { piece, sizeBytes: piece.length } }));
}
