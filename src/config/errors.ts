/**
 * Something the operator set, or left in the data directory, keeps the server from starting. The message is one line
 * that names the setting and where its value came from; the program prints it after `moraine: ` and exits with 2.
 */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
  }
}
