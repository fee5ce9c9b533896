import { renderReference } from '../src/config/reference.ts';

/** Prints docs/configuration.md: `npm run docs:configuration` writes the page. */
process.stdout.write(renderReference());
