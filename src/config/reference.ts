import { environmentNameOf, settingNames, settingOf } from './schema.ts';
import { secretSettings } from './secret-settings.ts';
import { profiles } from './settings.ts';

/** docs/configuration.md, printed from the table of settings; a test compares the page with it. */
export function renderReference(): string {
  return `${[HEAD, renderSettings(), renderDetails(), renderProfiles(), renderSecrets(), TAIL].join('\n\n')}\n`;
}

const HEAD = `# Configuration

<!-- Printed from src/config by \`npm run docs:configuration\`; edit the settings there. -->

Every setting is a flag of \`moraine serve\`, an environment variable and a key of a YAML file. A flag counts before the
environment, that before the file (\`--config\`), that before what the profile says, and last comes the default. What
cannot be meant (a key or a \`MORAINE_\` variable that is no setting, a value that does not fit, an empty value) is refused
at start with one line that names the setting and where the value came from, and exit code 2.

Durations are one number and one unit: \`500ms\`, \`90s\`, \`15m\`, \`1.5h\`, \`7d\`. Sizes are a number of bytes, or one number
and one unit: \`5000\`, \`500MB\`, \`1.5GiB\`.`;

const TAIL = `## The file

\`\`\`yaml
# moraine serve --config moraine.yaml
listen: 0.0.0.0:7400
data-dir: /var/lib/moraine
account-id: 012345678901
retrieval-times:
  expedited: 1s
  standard: 1m..5m
job-retention: 48h
\`\`\`

Values need no quotes: everything is read as text, so that \`012345678901\` keeps its zero.

## The data directory

It is made with mode 0700. One that other users may enter is made private when it is empty or already Moraine's, and
refused when it holds other files. A symbolic link to a directory is followed. One server at a time owns it: the lock is
on \`owner.lock\` and ends with its process, however that ends; \`owner.json\` says who holds it. Neither may be deleted
while a server runs.

\`credentials\` holds the root key that the first start made, mode 0600 (other modes are set back), in the format that AWS
tools read:

\`\`\`
AWS_SHARED_CREDENTIALS_FILE=./moraine-data/credentials aws glacier list-vaults --account-id - \\
  --endpoint-url http://127.0.0.1:7400 --region us-east-1
\`\`\`

A file that cannot be understood is refused and never overwritten.

## Exit codes

0 fine, 1 unexpected, 2 usage or configuration; a second Ctrl-C ends with 130.`;

function renderSettings(): string {
  const rows = settingNames.map((name) => {
    const { default: text, meaning } = settingOf(name);
    const shownDefault = text === undefined ? 'none' : `\`${text}\``;
    return [`\`--${name}\``, `\`${environmentNameOf(name)}\``, shownDefault, meaning];
  });
  return renderTable(['Flag', 'Environment', 'Default', 'Meaning'], rows);
}

function renderDetails(): string {
  const lines = settingNames.flatMap((name) => {
    const { detail } = settingOf(name);
    return detail === undefined ? [] : [`- \`${name}\`: ${detail}`];
  });
  return ['## More about single settings', '', ...lines].join('\n');
}

function renderProfiles(): string {
  const rows = Object.entries(profiles).flatMap(([profile, texts]) =>
    Object.entries(texts).map(([name, text]) => [`\`${profile}\``, `\`${name}\``, `\`${text}\``]),
  );
  return `## What a profile sets\n\n${renderTable(['Profile', 'Setting', 'Value'], rows)}`;
}

function renderSecrets(): string {
  const rows = Object.entries(secretSettings).map(([name, { meaning }]) => [`\`${name}\``, meaning]);
  return `## Secrets

From the environment only, because flags show in process lists and files are copied about. Of the root key both or none;
without them the first start makes a key and writes it to \`<data-dir>/credentials\`, where it stays. Without
\`MORAINE_SECRETS_KEY\` a key is made when the first secret is kept, and written to \`<data-dir>/secrets.key\`; without
\`MORAINE_ENCRYPTION_KEY\` and \`--encryption-key-command\` one is made with the first archive, in \`<data-dir>/encryption.key\`.

${renderTable(['Environment', 'Meaning'], rows)}`;
}

/** Padded as the formatter wants it, so that the printed page passes the check. */
function renderTable(headings: string[], rows: string[][]): string {
  const lines = [headings, ...rows].map((cells) =>
    cells.map((text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')),
  );
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const [head = '', ...body] = lines.map((cells) =>
    renderRow(cells.map((text, column) => text.padEnd(widths[column] ?? 0))),
  );
  return [head, renderRow(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}

const renderRow = (cells: string[]): string => `| ${cells.join(' | ')} |`;
