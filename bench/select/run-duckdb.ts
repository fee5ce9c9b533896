import { statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { printMeasured } from './measured.ts';
import { COLUMNS } from './queries.ts';

/** DuckDB over the same file, every column a text: FILE THREADS SQL OUT. */
const [path = '', threads = '', sql = '', outPath = ''] = process.argv.slice(2);

const instance = await DuckDBInstance.create(':memory:', { threads });
const connection = await instance.connect();
const columns = Array.from({ length: COLUMNS }, (_, index) => `'c${index + 1}': 'VARCHAR'`).join(', ');
const reading = `read_csv('${path}', columns = {${columns}}, header = false, auto_detect = false, delim = ',', quote = '"', escape = '"')`;
await connection.run(`CREATE VIEW archive AS SELECT * FROM ${reading}`);

await printMeasured(async () => {
  await connection.run(`COPY (${sql}) TO '${outPath}' (FORMAT csv, HEADER false)`);
  return statSync(outPath).size;
});
