import { sqliteSchema } from '../src/metadata/schema.ts';

/** Prints src/metadata/schema.sqlite.sql: `npm run schema` writes the file. */
process.stdout.write(await sqliteSchema());
