import { z } from 'zod';
import type { Setting } from './setting.ts';
import { type SettingName, settings } from './settings.ts';

/** What follows from the table of settings: their names everywhere, their types, and one schema that reads them all. */

/** The names as the program lists them. */
export const settingNames = Object.keys(settings) as SettingName[];

/** The setting as its interface says, with the members that only some of them have. */
export const settingOf = (name: SettingName): Setting => settings[name];

/** No variable that begins with it may be anything but a setting. */
export const ENVIRONMENT_PREFIX = 'MORAINE_';

/** `data-dir` is MORAINE_DATA_DIR in the environment. */
export const environmentNameOf = (name: SettingName): string =>
  `${ENVIRONMENT_PREFIX}${name.toUpperCase().replaceAll('-', '_')}`;

type Optional<S> = S extends { default: string } ? never : undefined;

/** The values of all settings, by name; one without a default may be undefined. */
export type Values = {
  [N in SettingName]: z.output<(typeof settings)[N]['value']> | Optional<(typeof settings)[N]>;
};

/** Reads the texts of all settings at once. The cast gives back the member types that Object.fromEntries forgets. */
export const valuesSchema = z.object(
  Object.fromEntries(
    settingNames.map((name) => {
      const { value, default: text } = settingOf(name);
      return [name, text === undefined ? value.optional() : value];
    }),
  ),
) as unknown as z.ZodType<Values>;
