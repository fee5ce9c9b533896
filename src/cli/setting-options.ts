import { type Command, Option } from 'commander';
import { environmentNameOf, settingNames, settingOf } from '../config/schema.ts';
import { secretSettings } from '../config/secret-settings.ts';
import type { SettingName } from '../config/settings.ts';
import type { Flags } from '../config/sources.ts';

/**
 * The settings as options of a command. Commander neither applies the defaults nor reads the environment: that is
 * loadConfig's part, which knows the file and the profile as well.
 */
export function addSettingOptions(command: Command): Command {
  addSettingOptionsNamed(command, settingNames);
  const secrets = Object.entries(secretSettings).map(([name, { meaning }]) => `  ${name}\n      ${meaning}`);
  return command.addHelpText(
    'after',
    `
Secrets, from the environment only; without them keys are made and written to
<data-dir>/credentials, <data-dir>/secrets.key and <data-dir>/encryption.key:
${secrets.join('\n')}

A flag counts before its environment variable, that before the file, that
before the profile, and last comes the default. Full reference:
docs/configuration.md
`,
  );
}

/** Some of the settings as options. The others still come from the environment and the file. */
export function addSettingOptionsNamed(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) command.addOption(optionOf(name));
  return command;
}

/** What the user gave on the command line, by the names of the settings. */
export function flagsOf(command: Command): Flags {
  const given = command.opts<Record<string, string | undefined>>();
  const flags: Flags = {};
  for (const name of settingNames) {
    const text = given[optionOf(name).attributeName()];
    if (text !== undefined) flags[name] = text;
  }
  return flags;
}

function optionOf(name: SettingName): Option {
  const { placeholder, meaning, default: text } = settingOf(name);
  return new Option(
    `--${name} <${placeholder}>`,
    `${meaning}\n[${environmentNameOf(name)}${text === undefined ? '' : `, default ${text}`}]`,
  );
}
